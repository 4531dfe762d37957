/**
 * Sends one of everything and, if SUITESCRIPT_CAPTURE names a file, writes there what went over the wire, so that the
 * receiver can be tested with it.
 */
import fs from 'fs';
import resend from 'SuiteScripts/refund-sync/resend';
import settings from 'SuiteScripts/refund-sync/settings';
import userEvent from 'SuiteScripts/refund-sync/user_event';
import stubs from '../support/stubs';
import { install, signatureOf, transaction } from '../support/netsuite';
import { userEventDeployments } from '../support/project';

const TYPES = Object.keys(userEventDeployments);
const FIELDS = { externalid: 'rs-acme-7', otherrefnum: '#1001', createdfrom: '60', tranid: 'T-1042' };

let netsuite;

const run = (context) => netsuite.runUserEvent(userEvent, { newRecord: null, oldRecord: null, ...context });

beforeAll(() => {
    netsuite = install(stubs);
});

afterAll(() => {
    if (process.env.SUITESCRIPT_CAPTURE) {
        fs.writeFileSync(process.env.SUITESCRIPT_CAPTURE, JSON.stringify(netsuite.requests), 'utf8');
    }
});

test.each(TYPES)('all four kinds of news of a %s are sent', (type) => {
    const whole = transaction(type, 123, FIELDS);
    const sent = netsuite.requests.length;
    run({ type: 'create', newRecord: whole });
    run({ type: 'edit', newRecord: whole, oldRecord: whole });
    run({ type: 'xedit', newRecord: transaction(type, 123, { memo: 'hello' }), oldRecord: whole });
    run({ type: 'delete', oldRecord: whole });
    expect(netsuite.requests).toHaveLength(sent + 4);
});

test('hints in any script are sent, and so is a record without hints', () => {
    run({ type: 'create', newRecord: transaction('cashrefund', 124, { otherrefnum: 'Größe ☃ 💶', tranid: '返金-7' }) });
    run({ type: 'approve', newRecord: transaction('returnauthorization', 125) });
});

test('what the receiver refused is sent again by the scheduled script', () => {
    const sent = netsuite.requests.length;
    netsuite.answer = () => 503;
    run({ type: 'create', newRecord: transaction('creditmemo', 126, FIELDS) });
    netsuite.answer = () => 200;
    netsuite.outbox.rows.forEach((row) => Object.assign(row, { [settings.OUTBOX.nextAttempt]: '' }));
    netsuite.runScheduled(resend);
    const [first, second] = netsuite.requests.slice(sent);
    expect(second.body).toBe(first.body);
});

test('everything that was sent is signed', () => {
    netsuite.requests.forEach((request) => expect(request.headers['X-NS-Signature']).toBe(signatureOf(request)));
});
