import resend from 'SuiteScripts/refund-sync/resend';
import outbox from 'SuiteScripts/refund-sync/outbox';
import settings from 'SuiteScripts/refund-sync/settings';
import userEvent from 'SuiteScripts/refund-sync/user_event';
import stubs from '../support/stubs';
import { SECRET, install, signatureOf, transaction } from '../support/netsuite';
import { suiteScriptError } from '../support/errors';
import { scheduledDeployment } from '../support/project';

const START = Date.parse('2026-11-23T02:34:00Z');
const MINUTE = 60 * 1000;
const HOUR = 60 * MINUTE;
const RUN_EVERY = 15 * MINUTE;

let netsuite;

beforeEach(() => {
    jest.useFakeTimers({ now: START });
    netsuite = install(stubs);
    netsuite.answer = () => 503;
});

afterEach(() => {
    expect(netsuite.usageExceeded).toBe(false);
    jest.restoreAllMocks();
    jest.useRealTimers();
});

const rows = () => [...netsuite.outbox.rows.values()];
const ids = () => [...netsuite.outbox.rows.keys()];
const internalIds = (requests) => requests.map(({ body }) => Number(JSON.parse(body).internalId));

/** Saves records while the receiver is down, and forgets what was sent for them. */
const fill = (count, first = 1) => {
    const before = netsuite.answer;
    netsuite.answer = () => 503;
    for (let id = first; id < first + count; id += 1) {
        netsuite.runUserEvent(userEvent, { type: 'create', newRecord: transaction('creditmemo', id), oldRecord: null });
    }
    netsuite.answer = before;
    netsuite.requests.length = 0;
    netsuite.logs.length = 0;
};

const runAt = (time) => {
    jest.setSystemTime(time);
    netsuite.requests.length = 0;
    netsuite.runScheduled(resend);
    return [...netsuite.requests];
};

describe('a run', () => {
    test('sends the same bodies again, freshly timed and signed, and forgets what is accepted', () => {
        fill(1);
        const [kept] = rows();
        netsuite.answer = () => 200;
        const [request, ...others] = runAt(START + RUN_EVERY);
        expect(others).toEqual([]);
        expect(request.url).toBe(scheduledDeployment.parameters[settings.RESEND_PARAMETERS.url]);
        expect(request.body).toBe(kept[settings.OUTBOX.body]);
        expect(request.headers).toEqual({
            'Content-Type': 'application/json',
            'X-NS-Timestamp': String((START + RUN_EVERY) / 1000),
            'X-NS-Signature': signatureOf(request),
        });
        expect(rows()).toEqual([]);
        expect(10000 - netsuite.units).toBe(10 + 10 + 4);
    });

    test('goes from the oldest to the newest', () => {
        fill(12);
        // The oldest has been put off the longest and is due last: it still goes first.
        netsuite.outbox.rows.get(1)[settings.OUTBOX.nextAttempt] = new Date(START + 14 * MINUTE).toISOString();
        netsuite.answer = () => 200;
        expect(internalIds(runAt(START + RUN_EVERY))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    });

    test('leaves alone what is not due yet', () => {
        fill(1);
        netsuite.answer = () => 200;
        expect(runAt(START + MINUTE - 1)).toEqual([]);
        expect(runAt(START + MINUTE)).toHaveLength(1);
    });

    test.each(['', null])('sends what an administrator has freed of its date: %p', (empty) => {
        fill(2);
        netsuite.outbox.rows.get(2)[settings.OUTBOX.nextAttempt] = empty;
        netsuite.answer = () => 200;
        expect(internalIds(runAt(START))).toEqual([2]);
    });

    test('with nothing to do costs one search', () => {
        expect(runAt(START)).toEqual([]);
        expect(10000 - netsuite.units).toBe(10);
        expect(netsuite.logs).toEqual([]);
    });

    test('that cannot read the outbox fails, so that NetSuite shows it', () => {
        stubs.search.create.mockImplementation(() => {
            throw suiteScriptError('INVALID_RCRD_TYPE', 'The record type is invalid.');
        });
        expect(() => runAt(START)).toThrow('The record type is invalid.');
    });

    test('logs no secret', () => {
        fill(1);
        runAt(START + RUN_EVERY);
        expect(JSON.stringify([netsuite.logs, rows()])).not.toContain(SECRET);
    });
});

describe('a delivery that fails again', () => {
    test('is counted, keeps its body and waits longer', () => {
        fill(1);
        const body = rows()[0][settings.OUTBOX.body];
        netsuite.answer = () => {
            throw suiteScriptError('SSS_REQUEST_TIME_EXCEEDED', 'too long');
        };
        runAt(START + RUN_EVERY);
        expect(rows()).toEqual([
            {
                [settings.OUTBOX.body]: body,
                [settings.OUTBOX.attempts]: '2',
                [settings.OUTBOX.lastError]: 'SSS_REQUEST_TIME_EXCEEDED: too long',
                [settings.OUTBOX.nextAttempt]: new Date(START + RUN_EVERY + 2 * MINUTE).toISOString(),
                [settings.OUTBOX.exhausted]: false,
            },
        ]);
        expect(netsuite.logged('error')).toHaveLength(1);
    });

    test('waits from one minute, doubling, to six hours', () => {
        const waits = Array.from({ length: 30 }, (_, index) => outbox.waitAfter(index + 1));
        expect(waits.slice(0, 4)).toEqual([MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]);
        waits.slice(1).forEach((wait, index) => expect(wait).toBe(Math.min(2 * waits[index], 6 * HOUR)));
    });

    test('is given up in the end: kept, marked, logged, and never sent again by itself', () => {
        fill(1);
        const body = rows()[0][settings.OUTBOX.body];
        let sent = 0;
        let now = START;
        while (!rows()[0][settings.OUTBOX.exhausted] && now < START + 7 * 24 * HOUR) {
            now += RUN_EVERY;
            sent += runAt(now).length;
        }
        expect(1 + sent).toBe(settings.MAX_ATTEMPTS);
        expect(now - START).toBeGreaterThan(3.5 * 24 * HOUR);
        expect(now - START).toBeLessThan(4 * 24 * HOUR);
        expect(rows()[0]).toMatchObject({
            [settings.OUTBOX.body]: body,
            [settings.OUTBOX.attempts]: String(settings.MAX_ATTEMPTS),
            [settings.OUTBOX.lastError]: 'The receiver answered HTTP 503.',
            [settings.OUTBOX.exhausted]: true,
        });
        const last = netsuite.logged('error').at(-1);
        expect(last.title).toBe('Delivery given up, kept as exhausted');
        expect(last.details).toContain(body);
        netsuite.answer = () => 200;
        expect(runAt(now + 30 * 24 * HOUR)).toEqual([]);
        expect(rows()).toHaveLength(1);
    });

    test('is sent once more when an administrator clears the mark', () => {
        fill(1);
        const [row] = rows();
        Object.assign(row, { [settings.OUTBOX.exhausted]: false, [settings.OUTBOX.attempts]: String(settings.MAX_ATTEMPTS) });
        runAt(START + RUN_EVERY);
        expect(row[settings.OUTBOX.exhausted]).toBe(true);
        row[settings.OUTBOX.exhausted] = false;
        netsuite.answer = () => 200;
        expect(runAt(START + 12 * HOUR)).toHaveLength(1);
        expect(rows()).toEqual([]);
    });
});

describe('trouble with single entries', () => {
    const only = (broken, implementation) => (options) => {
        if (Number(options.id) === broken) {
            throw suiteScriptError('RCRD_DSNT_EXIST', 'That record does not exist.');
        }
        return implementation(options);
    };

    test('one that cannot be removed does not stop the others, and is sent again with the same id', () => {
        fill(3);
        netsuite.answer = () => 200;
        stubs.record.delete.mockImplementation(only(2, (options) => netsuite.outbox.remove(options)));
        const first = runAt(START + RUN_EVERY);
        expect(internalIds(first)).toEqual([1, 2, 3]);
        expect(ids()).toEqual([2]);
        expect(netsuite.logged('error')).toHaveLength(1);
        stubs.record.delete.mockImplementation((options) => netsuite.outbox.remove(options));
        const second = runAt(START + 2 * RUN_EVERY);
        expect(second.map(({ body }) => body)).toEqual([first[1].body]);
        expect(ids()).toEqual([]);
    });

    test('one that cannot be put off does not stop the others', () => {
        fill(3);
        netsuite.answer = ({ body }) => (JSON.parse(body).internalId === '2' ? 503 : 200);
        stubs.record.submitFields.mockImplementation(only(2, (options) => netsuite.outbox.submitFields(options)));
        expect(internalIds(runAt(START + RUN_EVERY))).toEqual([1, 2, 3]);
        expect(ids()).toEqual([2]);
        expect(rows()[0][settings.OUTBOX.attempts]).toBe('1');
    });

    test('one that is refused does not hold up the others', () => {
        fill(4);
        netsuite.answer = ({ body }) => (JSON.parse(body).internalId === '1' ? 413 : 200);
        expect(internalIds(runAt(START + RUN_EVERY))).toEqual([1, 2, 3, 4]);
        expect(ids()).toEqual([1]);
    });
});

describe('a run ends early', () => {
    test('when the receiver fails five times in a row, and the next runs try the others first', () => {
        fill(12);
        expect(internalIds(runAt(START + RUN_EVERY))).toEqual([1, 2, 3, 4, 5]);
        expect(rows().map((row) => row[settings.OUTBOX.attempts])).toEqual([...Array(5).fill('2'), ...Array(7).fill('1')]);
        expect(netsuite.logged('audit')[0]).toMatchObject({ title: 'Run ended early' });
        expect(netsuite.logged('audit')[0].details).toMatch(/^7 left for the next run/);
        expect(internalIds(runAt(START + RUN_EVERY + MINUTE))).toEqual([6, 7, 8, 9, 10]);
        netsuite.answer = () => 200;
        expect(internalIds(runAt(START + 2 * RUN_EVERY))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        expect(rows()).toEqual([]);
    });

    test('not when failures come one by one', () => {
        fill(20);
        netsuite.answer = ({ body }) => (JSON.parse(body).internalId % 5 === 0 ? 200 : 500);
        expect(runAt(START + RUN_EVERY)).toHaveLength(20);
    });

    test.each([
        ['accepted', () => 200],
        ['refused now and then', ({ body }) => (JSON.parse(body).internalId % 2 === 0 ? 500 : 200)],
    ])('before its governance units run out, when all is %s', (_, answer) => {
        fill(900);
        netsuite.answer = answer;
        const sent = runAt(START + RUN_EVERY).length;
        expect(netsuite.usageExceeded).toBe(false);
        expect(netsuite.units).toBeGreaterThanOrEqual(0);
        expect(netsuite.units).toBeLessThan(settings.UNITS_KEPT_IN_RESERVE);
        expect(sent).toBeGreaterThan(700);
        expect(sent).toBeLessThan(900);
        netsuite.answer = () => 200;
        runAt(START + 2 * RUN_EVERY);
        expect(rows()).toEqual([]);
    });
});

test('more than one search gives are all sent in the end', () => {
    fill(1001);
    netsuite.answer = () => 200;
    const first = runAt(START + RUN_EVERY);
    const second = runAt(START + 2 * RUN_EVERY);
    expect(new Set([...first, ...second].map(({ body }) => body)).size).toBe(1001);
    expect(rows()).toEqual([]);
});
