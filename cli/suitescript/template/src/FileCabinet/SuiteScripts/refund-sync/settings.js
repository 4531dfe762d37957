/**
 * The ids of this project's objects, and how patient it is with a receiver that does not answer.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define([], () => ({
    /** Where deliveries wait that the receiver has not accepted. */
    OUTBOX: {
        type: 'customrecord_{{prefix}}_outbox',
        body: 'custrecord_{{prefix}}_body',
        attempts: 'custrecord_{{prefix}}_attempts',
        lastError: 'custrecord_{{prefix}}_last_error',
        nextAttempt: 'custrecord_{{prefix}}_next_attempt',
        exhausted: 'custrecord_{{prefix}}_exhausted',
    },

    /** The script parameters that hold the webhook address and the script id of the API secret. */
    USER_EVENT_PARAMETERS: {
        url: 'custscript_{{prefix}}_ue_url',
        secret: 'custscript_{{prefix}}_ue_secret',
    },
    RESEND_PARAMETERS: {
        url: 'custscript_{{prefix}}_ss_url',
        secret: 'custscript_{{prefix}}_ss_secret',
    },

    /** Waits grow from one minute, doubling, to six hours: 24 attempts are spread over almost four days. */
    FIRST_WAIT_MS: 60 * 1000,
    LONGEST_WAIT_MS: 6 * 60 * 60 * 1000,
    MAX_ATTEMPTS: 24,

    /** A receiver that fails this often in a row is down: the rest of the run would only burn time. */
    MAX_FAILURES_IN_A_ROW: 5,

    /** One entry costs at most 14 units (https.post 10, record.delete of a custom record 4). */
    UNITS_KEPT_IN_RESERVE: 50,

    /** A Text Area field holds 4,000 characters; the start of an error says enough. */
    MAX_ERROR_LENGTH: 1000,
}));
