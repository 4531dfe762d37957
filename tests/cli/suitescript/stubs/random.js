define([], () => {
    /**
     * N/crypto/random, as far as it is used: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_13113107585.html
     */
    function random() {}

    random.prototype.generateUUID = function () {};

    return new random();
});
