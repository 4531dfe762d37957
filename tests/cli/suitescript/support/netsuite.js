/**
 * A NetSuite account around the scripts: Oracle's stubs, made to behave as the help center says.
 *
 * Cryptography is real. Every call costs its governance units, and a script that runs out of them is stopped with an
 * error, here as there. Sources: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4358653390.html
 * (createSecretKey), section_459978271483 (Hmac.digest), section_4567630582 (https), section_N3351480 (limits).
 */
const nodeCrypto = require('crypto');
const { suiteScriptError } = require('./errors');
const project = require('./project');
const { Table } = require('./tables');

const UNITS = { userEvent: 1000, scheduled: 10000 };
const BLOCKED_HEADERS = new Set(['connection', 'content-length', 'host', 'jsessionid', 'trailer', 'transfer-encoding', 'upgrade', 'via']);
const ENCODINGS = { UTF_8: 'utf8', HEX: 'hex', BASE_64: 'base64' };

exports.SECRET = process.env.SUITESCRIPT_SECRET || 'a-signing-secret-for-tests';
exports.ACCOUNT_ID = '1234567_SB1';

/** A transaction as a user event script sees it; fields that it does not have are undefined. */
exports.transaction = (type, id, fields = {}) => ({ type, id, getValue: ({ fieldId }) => fields[fieldId] });

class NetSuite {
    constructor() {
        this.requests = [];
        this.logs = [];
        this.answer = () => 200;
        this.digestsInUpperCase = false;
        this.secrets = new Map([[project.secretId, exports.SECRET]]);
        this.keys = new WeakMap();
        this.outbox = new Table(project.outboxType, (units) => this.spend(units));
        this.units = 0;
        this.parameters = {};
        this.usageExceeded = false;
    }

    spend(units) {
        this.units -= units;
        if (this.units < 0) {
            this.usageExceeded = true;
            throw suiteScriptError('SSS_USAGE_LIMIT_EXCEEDED', 'Script Execution Usage Limit Exceeded');
        }
    }

    /** Runs afterSubmit as the deployment for the record's type would. */
    runUserEvent(script, context) {
        const { type } = context.newRecord || context.oldRecord;
        this.start(UNITS.userEvent, project.userEventDeployments[type]);
        script.afterSubmit(context);
    }

    runScheduled(script) {
        this.start(UNITS.scheduled, project.scheduledDeployment);
        script.execute({ type: 'SCHEDULED' });
    }

    start(units, deployment) {
        this.units = units;
        this.parameters = deployment.parameters;
    }

    currentScript() {
        return {
            getParameter: ({ name }) => this.parameters[name] ?? null,
            getRemainingUsage: () => this.units,
        };
    }

    post({ url, body, headers }) {
        this.spend(10);
        if (!url || !url.startsWith('https://')) {
            throw suiteScriptError('SSS_INVALID_URL', 'The URL must be a fully qualified HTTPS URL.');
        }
        Object.keys(headers).forEach((name) => {
            if (name.includes('_') || BLOCKED_HEADERS.has(name.toLowerCase())) {
                throw suiteScriptError('SSS_INVALID_HEADER', `One or more headers are not valid: ${name}`);
            }
        });
        const request = { url, headers: { ...headers }, body };
        this.requests.push(request);
        return { code: this.answer(request), headers: {}, body: '' };
    }

    createSecretKey({ secret, guid, encoding }) {
        if (Boolean(secret) === Boolean(guid)) {
            throw suiteScriptError('SSS_MISSING_REQD_ARGUMENT', 'createSecretKey: Missing a required argument: guid or secret');
        }
        if (!this.secrets.has(secret)) {
            throw suiteScriptError('INVALID_SECRET', `The secret ${secret} does not exist, or this script may not use it.`);
        }
        const handle = Object.freeze({ secret, encoding });
        this.keys.set(handle, Buffer.from(this.secrets.get(secret), ENCODINGS[encoding]));
        return handle;
    }

    createHmac({ algorithm, key }) {
        const hmac = nodeCrypto.createHmac(algorithm.toLowerCase(), this.keys.get(key));
        return {
            update: ({ input, inputEncoding = 'UTF_8' }) => {
                hmac.update(input, ENCODINGS[inputEncoding]);
            },
            digest: ({ outputEncoding = 'HEX' }) => {
                const digest = hmac.digest(ENCODINGS[outputEncoding]);
                return this.digestsInUpperCase && outputEncoding === 'HEX' ? digest.toUpperCase() : digest;
            },
        };
    }

    logged(level) {
        return this.logs.filter((entry) => entry.level === level);
    }
}

/** Puts a fresh account behind Oracle's stubs; restore it with jest.restoreAllMocks(). */
exports.install = (stubs) => {
    const netsuite = new NetSuite();
    const implement = (module, name, implementation) => jest.spyOn(module, name).mockImplementation(implementation);
    implement(stubs.crypto, 'createSecretKey', (options) => netsuite.createSecretKey(options));
    implement(stubs.crypto, 'createHmac', (options) => netsuite.createHmac(options));
    implement(stubs.random, 'generateUUID', () => nodeCrypto.randomUUID());
    implement(stubs.https, 'post', (options) => netsuite.post(options));
    implement(stubs.record, 'create', (options) => netsuite.outbox.create(options));
    implement(stubs.record, 'delete', (options) => netsuite.outbox.remove(options));
    implement(stubs.record, 'submitFields', (options) => netsuite.outbox.submitFields(options));
    implement(stubs.search, 'createColumn', (options) => options);
    implement(stubs.search, 'create', (options) => netsuite.outbox.search(options));
    implement(stubs.runtime, 'getCurrentScript', () => netsuite.currentScript());
    stubs.runtime.accountId = exports.ACCOUNT_ID;
    ['debug', 'audit', 'error', 'emergency'].forEach((level) =>
        implement(stubs.log, level, (options) => netsuite.logs.push({ level, ...options }))
    );
    return netsuite;
};

/** What the receiver would compute over the bytes it got. */
exports.signatureOf = ({ headers, body }) =>
    nodeCrypto.createHmac('sha256', exports.SECRET).update(`${headers['X-NS-Timestamp']}.${body}`, 'utf8').digest('hex');
