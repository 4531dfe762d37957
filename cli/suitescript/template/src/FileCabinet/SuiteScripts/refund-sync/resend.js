/**
 * Sends again what the receiver has not accepted: the same bodies, freshly timed and signed, the oldest first.
 *
 * Governance: 10 of a scheduled script's 10,000 units to look, then at most 14 a delivery; the run ends before they
 * run out, and the next one goes on. A run that cannot read the outbox throws, so that NetSuite shows it as failed
 * and mails the script's owner. A run that is killed after the receiver accepted a delivery sends it once more: the
 * receiver knows it by its id.
 *
 * @NApiVersion 2.1
 * @NScriptType ScheduledScript
 * @NModuleScope SameAccount
 */
define(['N/log', 'N/runtime', './delivery', './outbox', './settings'], (log, runtime, delivery, outbox, settings) => {
    const postpone = (entry, error) => {
        const exhausted = outbox.postpone(entry, error, Date.now());
        const title = exhausted ? 'Delivery given up, kept as exhausted' : 'Delivery failed again';
        log.error({ title, details: `Outbox entry ${entry.id}: ${error} ${entry.body}` });
    };

    /**
     * Makes one attempt for one outbox entry.
     *
     * @returns {boolean} whether the receiver accepted the delivery
     */
    const attempt = (target, entry) => {
        const error = delivery.send(target, entry.body);
        try {
            if (error === null) {
                outbox.remove(entry);
            } else {
                postpone(entry, error);
            }
        } catch (cause) {
            // The entry stays as it was and is due again in the next run.
            log.error({ title: 'Outbox entry not updated', details: `${entry.id}: ${delivery.describe(cause)}` });
        }
        return error === null;
    };

    /** Why the run should end now, or null when it may go on. */
    const reasonToStop = (script, failuresInARow) => {
        if (failuresInARow >= settings.MAX_FAILURES_IN_A_ROW) {
            return 'the receiver fails again and again';
        }
        return script.getRemainingUsage() < settings.UNITS_KEPT_IN_RESERVE ? 'few governance units are left' : null;
    };

    const execute = () => {
        const script = runtime.getCurrentScript();
        const target = delivery.targetOf(settings.RESEND_PARAMETERS);
        const entries = outbox.due(Date.now());
        let accepted = 0;
        let failuresInARow = 0;
        for (const [position, entry] of entries.entries()) {
            const reason = reasonToStop(script, failuresInARow);
            if (reason !== null) {
                const left = entries.length - position;
                log.audit({ title: 'Run ended early', details: `${left} left for the next run: ${reason}` });
                break;
            }
            const ok = attempt(target, entry);
            accepted += ok ? 1 : 0;
            failuresInARow = ok ? 0 : failuresInARow + 1;
        }
        if (entries.length > 0) {
            log.audit({ title: 'Run ended', details: `${accepted} of ${entries.length} due deliveries accepted` });
        }
    };

    return { execute };
});
