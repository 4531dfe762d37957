import userEvent from 'SuiteScripts/refund-sync/user_event';
import settings from 'SuiteScripts/refund-sync/settings';
import stubs from '../support/stubs';
import { ACCOUNT_ID, SECRET, install, signatureOf, transaction } from '../support/netsuite';
import { suiteScriptError } from '../support/errors';
import { outboxType, userEventDeployments } from '../support/project';

const NOW = new Date('2026-11-23T02:34:00.125Z');
const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const FIELDS = { externalid: 'rs-acme-7', otherrefnum: '#1001', createdfrom: '60', tranid: 'CM1042' };

let netsuite;

beforeEach(() => {
    jest.useFakeTimers({ now: NOW });
    netsuite = install(stubs);
});

afterEach(() => {
    expect(netsuite.usageExceeded).toBe(false);
    jest.restoreAllMocks();
    jest.useRealTimers();
});

const run = (context) => netsuite.runUserEvent(userEvent, { newRecord: null, oldRecord: null, ...context });
const create = (fields = FIELDS) => run({ type: 'create', newRecord: transaction('creditmemo', 123, fields) });
const onlyBody = () => {
    expect(netsuite.requests).toHaveLength(1);
    return JSON.parse(netsuite.requests[0].body);
};
const onlyEntry = () => {
    expect(netsuite.outbox.rows.size).toBe(1);
    return [...netsuite.outbox.rows.values()][0];
};

describe('what is sent', () => {
    test.each(Object.keys(userEventDeployments))('a created %s is told with every key of the format, in order', (type) => {
        run({ type: 'create', newRecord: transaction(type, 123, FIELDS) });
        const { id, ...rest } = onlyBody();
        expect(id).toMatch(UUID4);
        expect(Object.entries(rest)).toEqual([
            ['type', 'create'],
            ['recordType', type],
            ['internalId', '123'],
            ['occurredAt', '2026-11-23T02:34:00.125Z'],
            ['account', ACCOUNT_ID],
            ['externalId', 'rs-acme-7'],
            ['otherRefNum', '#1001'],
            ['createdFrom', '60'],
            ['tranId', 'CM1042'],
        ]);
        expect(Object.keys(onlyBody())[0]).toBe('id');
    });

    test('it goes to the webhook address with the time and the signature of the exact bytes', () => {
        create();
        const [request] = netsuite.requests;
        expect(request.url).toBe(userEventDeployments.creditmemo.parameters[settings.USER_EVENT_PARAMETERS.url]);
        expect(request.headers).toEqual({
            'Content-Type': 'application/json',
            'X-NS-Timestamp': String(Math.floor(NOW.getTime() / 1000)),
            'X-NS-Signature': signatureOf(request),
        });
    });

    test('the signature is in lower case even if NetSuite gives its digests in upper case', () => {
        netsuite.digestsInUpperCase = true;
        create();
        expect(netsuite.requests[0].headers['X-NS-Signature']).toBe(signatureOf(netsuite.requests[0]));
    });

    test('a body is ASCII whatever the hints hold, and says the same', () => {
        const hints = { ...FIELDS, otherrefnum: 'Größe ☃ 💶 "\\ \u2028', tranid: '\ud800' };
        create(hints);
        expect(netsuite.requests[0].body).toMatch(/^[ -~]+$/);
        expect(onlyBody()).toMatchObject({ otherRefNum: hints.otherrefnum, tranId: hints.tranid });
    });

    test('the longest hints that NetSuite allows fit the outbox', () => {
        netsuite.answer = () => 503;
        create({ externalid: '💶'.repeat(127), otherrefnum: 'ü'.repeat(45), createdfrom: 10 ** 15, tranid: 'ü'.repeat(45) });
        expect(onlyEntry()[settings.OUTBOX.body]).toBe(netsuite.requests[0].body);
    });

    test('every event has an id of its own', () => {
        for (let count = 0; count < 20; count += 1) {
            create();
        }
        expect(new Set(netsuite.requests.map(({ body }) => JSON.parse(body).id)).size).toBe(20);
    });

    test.each([{}, { externalid: '', otherrefnum: null }])('hints that a record does not have are null: %p', (fields) => {
        create(fields);
        expect(onlyBody()).toMatchObject({ externalId: null, otherRefNum: null, createdFrom: null, tranId: null });
    });

    test('a hint that cannot be read is null and costs nothing else', () => {
        const newRecord = transaction('customerrefund', 123);
        newRecord.getValue = ({ fieldId }) => {
            if (fieldId === 'otherrefnum') {
                throw suiteScriptError('SSS_INVALID_FIELD_ID', 'No such field.');
            }
            return FIELDS[fieldId];
        };
        run({ type: 'create', newRecord });
        expect(onlyBody()).toMatchObject({ otherRefNum: null, tranId: 'CM1042', createdFrom: '60' });
    });

    test('a number that NetSuite has yet to give is null', () => {
        create({ ...FIELDS, tranid: 'To Be Generated' });
        expect(onlyBody().tranId).toBeNull();
    });
});

describe('which events are sent', () => {
    const oldRecord = transaction('salesorder', 60, { ...FIELDS, tranid: 'SO60' });

    test('an edit tells of the record as it is now, and of nothing that was emptied', () => {
        const newRecord = transaction('salesorder', 60, { ...FIELDS, otherrefnum: '', tranid: 'SO61' });
        run({ type: 'edit', newRecord, oldRecord });
        expect(onlyBody()).toMatchObject({ type: 'edit', internalId: '60', otherRefNum: null, tranId: 'SO61' });
    });

    test('an inline edit, which holds the changed fields only, is completed from the record as it was', () => {
        run({ type: 'xedit', newRecord: transaction('salesorder', 60, { otherrefnum: '#1002' }), oldRecord });
        expect(onlyBody()).toMatchObject({
            type: 'xedit',
            recordType: 'salesorder',
            internalId: '60',
            otherRefNum: '#1002',
            externalId: 'rs-acme-7',
            createdFrom: '60',
            tranId: 'SO60',
        });
    });

    test.each([
        ['without a new record', null],
        ['with an empty one', transaction('salesorder', 60)],
        ['with another one', transaction('salesorder', 60, { tranid: 'SO99' })],
    ])('a deletion %s tells of the record as it was', (_, newRecord) => {
        run({ type: 'delete', newRecord, oldRecord });
        expect(onlyBody()).toMatchObject({ type: 'delete', recordType: 'salesorder', internalId: '60', tranId: 'SO60' });
    });

    test.each(['approve', 'cancel', 'reject', 'paybills'])('%s is told as an edit', (type) => {
        run({ type, newRecord: transaction('salesorder', 60), oldRecord });
        expect(onlyBody()).toMatchObject({ type: 'edit', internalId: '60', otherRefNum: '#1001' });
    });

    test.each([
        'changepassword', 'copy', 'dropship', 'editforecast', 'email', 'markcomplete', 'orderitems', 'pack', 'print',
        'quickview', 'reassign', 'ship', 'specialorder', 'transform', 'view',
    ])('%s is not sent', (type) => {
        run({ type, newRecord: transaction('salesorder', 60, FIELDS), oldRecord });
        expect(netsuite.requests).toEqual([]);
        expect(netsuite.outbox.rows.size).toBe(0);
        expect(netsuite.units).toBe(1000);
    });
});

describe('what is kept', () => {
    test.each([200, 201, 204, 299])('nothing when the receiver answers %d', (code) => {
        netsuite.answer = () => code;
        create();
        expect(netsuite.outbox.rows.size).toBe(0);
        expect(netsuite.logged('error')).toEqual([]);
        expect(1000 - netsuite.units).toBe(10);
    });

    test.each([199, 301, 400, 401, 404, 413, 429, 500, 503])('the body when the receiver answers %d', (code) => {
        netsuite.answer = () => code;
        create();
        expect(onlyEntry()).toEqual({
            [settings.OUTBOX.body]: netsuite.requests[0].body,
            [settings.OUTBOX.attempts]: '1',
            [settings.OUTBOX.lastError]: `The receiver answered HTTP ${code}.`,
            [settings.OUTBOX.nextAttempt]: '2026-11-23T02:35:00.125Z',
            [settings.OUTBOX.exhausted]: false,
        });
        expect(Object.keys(onlyEntry()).sort()).toEqual(Object.keys(outboxType.fields).sort());
        expect(1000 - netsuite.units).toBe(16);
    });

    test('the body when the receiver cannot be reached in time', () => {
        netsuite.answer = () => {
            throw suiteScriptError('SSS_REQUEST_TIME_EXCEEDED', 'The host you requested took too long.');
        };
        create();
        const entry = onlyEntry();
        expect(entry[settings.OUTBOX.body]).toBe(netsuite.requests[0].body);
        expect(entry[settings.OUTBOX.lastError]).toBe('SSS_REQUEST_TIME_EXCEEDED: The host you requested took too long.');
        expect(netsuite.logged('error')).toHaveLength(1);
    });

    test('the body when the API secret is missing', () => {
        netsuite.secrets.clear();
        create();
        expect(netsuite.requests).toEqual([]);
        expect(JSON.parse(onlyEntry()[settings.OUTBOX.body])).toMatchObject({ internalId: '123' });
        expect(onlyEntry()[settings.OUTBOX.lastError]).toMatch(/does not exist/);
    });

    test('the beginning of an error that is too long', () => {
        netsuite.answer = () => {
            throw suiteScriptError('UNEXPECTED_ERROR', 'x'.repeat(5000));
        };
        create();
        expect(onlyEntry()[settings.OUTBOX.lastError]).toHaveLength(1000);
    });
});

describe('what a user notices', () => {
    test('nothing when even the outbox fails: the body is in the log', () => {
        netsuite.answer = () => 503;
        stubs.record.create.mockImplementation(() => {
            throw suiteScriptError('INSUFFICIENT_PERMISSION', 'You do not have permissions.');
        });
        expect(() => create()).not.toThrow();
        const last = netsuite.logged('error').at(-1);
        expect(last).toMatchObject({ title: 'Delivery lost' });
        expect(last.details).toContain('INSUFFICIENT_PERMISSION: You do not have permissions.');
        expect(last.details).toContain(netsuite.requests[0].body);
    });

    test('nothing when the outbox record cannot be saved', () => {
        netsuite.answer = () => 503;
        stubs.record.create.mockImplementation(() => ({
            setValue: () => {},
            save: () => {
                throw suiteScriptError('UNEXPECTED_ERROR', 'An unexpected SuiteScript error has occurred');
            },
        }));
        expect(() => create()).not.toThrow();
        expect(netsuite.logged('error').at(-1)).toMatchObject({ title: 'Delivery lost' });
    });

    test.each([
        ['the id cannot be made', () => stubs.random.generateUUID],
        ['the script is unknown', () => stubs.runtime.getCurrentScript],
    ])('nothing when %s', (_, mockOf) => {
        mockOf().mockImplementation(() => {
            throw suiteScriptError('UNEXPECTED_ERROR', 'An unexpected SuiteScript error has occurred');
        });
        expect(() => create()).not.toThrow();
        expect(netsuite.logged('error')).toHaveLength(1);
    });

    test('nothing when an event comes without any record', () => {
        expect(() => userEvent.afterSubmit({ type: 'edit', newRecord: null, oldRecord: null })).not.toThrow();
        expect(netsuite.requests).toEqual([]);
        expect(netsuite.logged('error')).toMatchObject([{ title: 'Event not understood' }]);
    });

    test('nothing when something that is no error is thrown', () => {
        netsuite.answer = () => {
            throw 'a mere string';
        };
        expect(() => create()).not.toThrow();
        expect(onlyEntry()[settings.OUTBOX.lastError]).toBe('a mere string');
    });
});

test('the secret is nowhere but in the key', () => {
    netsuite.answer = () => 401;
    create();
    const seen = JSON.stringify([netsuite.requests, netsuite.logs, [...netsuite.outbox.rows.values()]]);
    expect(seen).not.toContain(SECRET);
});
