/**
 * The written project as NetSuite would know it after deployment, read from its XML files.
 */
const fs = require('fs');
const path = require('path');
const { Parser } = require('xml2js');

const OBJECTS = path.join(process.env.SUITESCRIPT_PROJECT, 'src', 'Objects');

const parse = (file) => {
    let parsed;
    new Parser({ explicitRoot: true, async: false }).parseString(fs.readFileSync(file, 'utf8'), (error, value) => {
        if (error) {
            throw error;
        }
        parsed = value;
    });
    return parsed;
};

/** The definition of the one object of a kind, e.g. usereventscript. */
const definitionOf = (kind) =>
    fs
        .readdirSync(OBJECTS)
        .map((name) => parse(path.join(OBJECTS, name))[kind])
        .find(Boolean);

const deploymentsOf = (kind) =>
    definitionOf(kind).scriptdeployments[0].scriptdeployment.map((deployment) => ({
        recordType: deployment.recordtype && deployment.recordtype[0].toLowerCase(),
        parameters: Object.fromEntries(
            Object.entries(deployment)
                .filter(([name]) => name.startsWith('custscript_'))
                .map(([name, [value]]) => [name, value])
        ),
    }));

const outboxType = () => {
    const definition = definitionOf('customrecordtype');
    const fields = definition.customrecordcustomfields[0].customrecordcustomfield;
    return {
        id: definition.$.scriptid,
        fields: Object.fromEntries(fields.map((field) => [field.$.scriptid, field.fieldtype[0]])),
    };
};

/** The deployments of the user event script, by lower-case record type. */
exports.userEventDeployments = Object.fromEntries(
    deploymentsOf('usereventscript').map((deployment) => [deployment.recordType, deployment])
);
exports.scheduledDeployment = deploymentsOf('scheduledscript')[0];
exports.outboxType = outboxType();

/** Script id of the API secret that the deployments name. */
exports.secretId = Object.values(exports.scheduledDeployment.parameters).find((value) => value.startsWith('custsecret_'));
