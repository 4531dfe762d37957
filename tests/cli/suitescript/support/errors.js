/** An error as SuiteScript throws it: the code is its name. */
exports.suiteScriptError = (name, message) => Object.assign(new Error(message), { name });
