/**
 * The outbox: a custom record for every delivery that the receiver has not accepted yet.
 *
 * Times are kept as ISO 8601 text in UTC: it sorts and compares as it stands, whatever the time zone and the date
 * format of the user or the company.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['N/record', 'N/search', './settings'], (record, search, settings) => {
    const { OUTBOX } = settings;

    /**
     * A delivery in the outbox.
     *
     * @typedef {Object} Entry
     * @property {number} id internal id of the custom record
     * @property {string} body
     * @property {number} attempts made so far
     * @property {string} nextAttempt ISO 8601, UTC; empty means at once
     */

    /** The most that ResultSet.getRange gives at once. */
    const PAGE = 1000;

    /**
     * How long to wait after a number of failed attempts.
     *
     * @param {number} attempts made so far, at least 1
     * @returns {number} milliseconds
     */
    const waitAfter = (attempts) =>
        Math.min(settings.FIRST_WAIT_MS * 2 ** (attempts - 1), settings.LONGEST_WAIT_MS);

    const failure = (attempts, error, now) => ({
        [OUTBOX.attempts]: attempts,
        [OUTBOX.lastError]: error.slice(0, settings.MAX_ERROR_LENGTH),
        [OUTBOX.nextAttempt]: new Date(now + waitAfter(attempts)).toISOString(),
        [OUTBOX.exhausted]: attempts >= settings.MAX_ATTEMPTS,
    });

    /**
     * Keeps a delivery whose first attempt has failed. 6 governance units (create 2, save 4).
     *
     * @param {string} body
     * @param {string} error why it failed
     * @param {number} now milliseconds since 1970
     */
    const keep = (body, error, now) => {
        const entry = record.create({ type: OUTBOX.type });
        const values = { [OUTBOX.body]: body, ...failure(1, error, now) };
        Object.entries(values).forEach(([fieldId, value]) => entry.setValue({ fieldId, value }));
        entry.save();
    };

    const pendingSearch = () =>
        search.create({
            type: OUTBOX.type,
            filters: [[OUTBOX.exhausted, search.Operator.IS, 'F'], 'AND', ['isinactive', search.Operator.IS, 'F']],
            columns: [
                search.createColumn({ name: OUTBOX.nextAttempt, sort: search.Sort.ASC }),
                search.createColumn({ name: OUTBOX.body }),
                search.createColumn({ name: OUTBOX.attempts }),
            ],
        });

    const entryOf = (result) => ({
        id: Number(result.id),
        body: result.getValue({ name: OUTBOX.body }),
        attempts: Number(result.getValue({ name: OUTBOX.attempts })),
        nextAttempt: result.getValue({ name: OUTBOX.nextAttempt }),
    });

    /**
     * Lists the deliveries whose time has come, the oldest first. 10 governance units.
     *
     * At most 1,000, those that have been due longest; the next run finds the others.
     *
     * @param {number} now milliseconds since 1970
     * @returns {Entry[]}
     */
    const due = (now) => {
        const limit = new Date(now).toISOString();
        return pendingSearch()
            .run()
            .getRange({ start: 0, end: PAGE })
            .map(entryOf)
            .filter(({ nextAttempt }) => !nextAttempt || nextAttempt <= limit)
            .sort((left, right) => left.id - right.id);
    };

    /**
     * Forgets a delivery that the receiver has accepted. 4 governance units.
     *
     * @param {Entry} entry
     */
    const remove = ({ id }) => {
        record.delete({ type: OUTBOX.type, id });
    };

    /**
     * Counts a failed attempt and puts the next one off, or marks the delivery exhausted. 2 governance units.
     *
     * @param {Entry} entry
     * @param {string} error why it failed
     * @param {number} now milliseconds since 1970
     * @returns {boolean} whether this was the last attempt
     */
    const postpone = ({ id, attempts }, error, now) => {
        const values = failure(attempts + 1, error, now);
        record.submitFields({ type: OUTBOX.type, id, values });
        return values[OUTBOX.exhausted];
    };

    return { waitAfter, keep, due, remove, postpone };
});
