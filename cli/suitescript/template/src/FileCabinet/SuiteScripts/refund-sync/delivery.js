/**
 * One delivery: what is said about a changed record, how it is signed, and how it is sent.
 *
 * The body is written once and never changes, so its id stays the same however often it is sent;
 * timestamp and signature belong to the attempt.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['N/crypto', 'N/crypto/random', 'N/encode', 'N/https', 'N/runtime'], (crypto, random, encode, https, runtime) => {
    /**
     * Where deliveries go and what signs them.
     *
     * @typedef {Object} Target
     * @property {string} url the webhook's address
     * @property {string} secretId script id of the API secret, custsecret_...
     */

    /**
     * The values of context.UserEventType that are news, and what the receiver calls them.
     *
     * Approve, cancel and reject change the status of sales orders and return authorizations, and paybills saves
     * payments: a refund may wait for any of them, so they are edits. A voided transaction has no event type of its
     * own and comes as an edit. What is missing here is not sent: copy, view, print, email, quickview and transform
     * only open a form (the save that follows is a create); pack, ship, dropship, specialorder, orderitems,
     * markcomplete, reassign, editforecast and changepassword belong to other record types.
     *
     * @see https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4407992596.html (UserEventType)
     * @see https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4407992281.html (afterSubmit)
     */
    const NEWS = new Map([
        ['create', 'create'],
        ['edit', 'edit'],
        ['xedit', 'xedit'],
        ['delete', 'delete'],
        ['approve', 'edit'],
        ['cancel', 'edit'],
        ['reject', 'edit'],
        ['paybills', 'edit'],
    ]);

    /** What a new, automatically numbered transaction has in place of its number until it is read again. */
    const NOT_NUMBERED_YET = 'To Be Generated';

    const isPresent = (value) => value !== null && value !== undefined && value !== '';

    /**
     * The records of an event that may answer a question about it, the most trustworthy first.
     *
     * A deleted record is known by what it was. An edit's new record is whole, so a field that is empty in it was
     * emptied. All others may hold less than the record: an inline edit's holds nothing but the edited fields.
     */
    const witnesses = ({ type, newRecord, oldRecord }) => {
        if (type === 'edit' && newRecord) {
            return [newRecord];
        }
        return (type === 'delete' ? [oldRecord, newRecord] : [newRecord, oldRecord]).filter(Boolean);
    };

    /** A field's value as a hint for the receiver: a record type that cannot give it must not cost the delivery. */
    const hint = (records, fieldId) => {
        try {
            const value = records.map((record) => record.getValue({ fieldId })).find(isPresent);
            return value === undefined ? null : String(value);
        } catch (error) {
            return null;
        }
    };

    /** JSON in ASCII alone: its bytes, and so its signature, are the same in every character encoding. */
    const asciiJson = (value) =>
        JSON.stringify(value).replace(
            /[\u007f-\uffff]/g,
            (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
        );

    /**
     * Writes the body of the delivery that tells of a user event. No governance units.
     *
     * @param {Object} context the user event's context: type, newRecord, oldRecord
     * @returns {string|null} the body, or null when the event is no news
     */
    const eventBody = (context) => {
        const type = NEWS.get(context.type);
        if (type === undefined) {
            return null;
        }
        const records = witnesses(context);
        const [subject] = records;
        const tranId = hint(records, 'tranid');
        return asciiJson({
            id: random.generateUUID(),
            type,
            recordType: subject.type,
            internalId: String(subject.id),
            occurredAt: new Date().toISOString(),
            account: runtime.accountId,
            externalId: hint(records, 'externalid'),
            otherRefNum: hint(records, 'otherrefnum'),
            createdFrom: hint(records, 'createdfrom'),
            tranId: tranId === NOT_NUMBERED_YET ? null : tranId,
        });
    };

    /**
     * Signs a body for one attempt. No governance units.
     *
     * The secret itself is never seen here: the key is a handle to the API secret with that script id.
     *
     * @param {string} secretId script id of the API secret, custsecret_...
     * @param {string} timestamp Unix time of the attempt in seconds
     * @param {string} body
     * @returns {string} HMAC-SHA256 of "timestamp.body" in lower-case hexadecimal digits
     */
    const sign = (secretId, timestamp, body) => {
        const key = crypto.createSecretKey({ secret: secretId, encoding: encode.Encoding.UTF_8 });
        const hmac = crypto.createHmac({ algorithm: crypto.HashAlg.SHA256, key });
        hmac.update({ input: `${timestamp}.${body}`, inputEncoding: encode.Encoding.UTF_8 });
        return hmac.digest({ outputEncoding: encode.Encoding.HEX }).toLowerCase();
    };

    const post = ({ url, secretId }, body) => {
        const timestamp = String(Math.floor(Date.now() / 1000));
        const headers = {
            'Content-Type': 'application/json',
            'X-NS-Timestamp': timestamp,
            'X-NS-Signature': sign(secretId, timestamp, body),
        };
        return https.post({ url, body, headers });
    };

    /** An error in one line, with the code that SuiteScript gives it for a name. */
    const describe = (error) => (error && error.name ? `${error.name}: ${error.message}` : String(error));

    /**
     * Sends a body, freshly timed and signed. 10 governance units.
     *
     * @param {Target} target
     * @param {string} body
     * @returns {string|null} why the receiver did not accept it, or null when it did
     */
    const send = (target, body) => {
        try {
            const { code } = post(target, body);
            return code >= 200 && code < 300 ? null : `The receiver answered HTTP ${code}.`;
        } catch (error) {
            return describe(error);
        }
    };

    /**
     * Reads where to send from the current script's parameters. No governance units.
     *
     * @param {Object} parameters ids of the two script parameters
     * @param {string} parameters.url
     * @param {string} parameters.secret
     * @returns {Target}
     */
    const targetOf = (parameters) => {
        const script = runtime.getCurrentScript();
        return {
            url: script.getParameter({ name: parameters.url }),
            secretId: script.getParameter({ name: parameters.secret }),
        };
    };

    return { eventBody, send, targetOf, describe };
});
