/**
 * Tells the receiver of every saved or deleted record that this script is deployed to.
 *
 * Governance: at most 16 of a user event script's 1,000 units (send 10, keep in the outbox 6). Nothing that goes
 * wrong here reaches the user: the record is saved already, and stays so.
 *
 * @NApiVersion 2.1
 * @NScriptType UserEventScript
 * @NModuleScope SameAccount
 */
define(['N/log', './delivery', './outbox', './settings'], (log, delivery, outbox, settings) => {
    const keep = (body, error) => {
        try {
            outbox.keep(body, error, Date.now());
        } catch (cause) {
            // The body is all that is left of the event: with it in the log a person can still act.
            log.error({ title: 'Delivery lost', details: `${delivery.describe(cause)} ${body}` });
        }
    };

    const tell = (context) => {
        const body = delivery.eventBody(context);
        if (body === null) {
            return;
        }
        const error = delivery.send(delivery.targetOf(settings.USER_EVENT_PARAMETERS), body);
        if (error === null) {
            log.debug({ title: 'Delivered', details: body });
            return;
        }
        log.error({ title: 'Delivery failed, kept in the outbox', details: `${error} ${body}` });
        keep(body, error);
    };

    /**
     * @param {Object} context
     * @param {string} context.type a value of context.UserEventType
     * @param {Record|null} context.newRecord the record as saved; of an inline edit only the edited fields
     * @param {Record|null} context.oldRecord the record as it was; null when it was created
     */
    const afterSubmit = (context) => {
        try {
            tell(context);
        } catch (error) {
            log.error({ title: 'Event not understood', details: delivery.describe(error) });
        }
    };

    return { afterSubmit };
});
