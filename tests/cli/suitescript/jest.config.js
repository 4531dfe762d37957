const path = require('path');
const SuiteCloudJestConfiguration = require('@oracle/suitecloud-unit-testing/jest-configuration/SuiteCloudJestConfiguration');

const project = process.env.SUITESCRIPT_PROJECT;
if (!project) {
    throw new Error('SUITESCRIPT_PROJECT must name the directory of a project written by `refund-sync suitescript`.');
}

module.exports = SuiteCloudJestConfiguration.build({
    projectFolder: path.relative(process.cwd(), path.join(project, 'src')),
    projectType: SuiteCloudJestConfiguration.ProjectType.ACP,
    // Oracle has no stub for this module yet.
    customStubs: [{ module: 'N/crypto/random', path: '<rootDir>/stubs/random.js' }],
});
