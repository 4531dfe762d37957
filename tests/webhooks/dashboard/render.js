// Renders rows as the dashboard's scripts do: the page's own templates, by the Underscore that it loads.
// Reads {underscore, templates: [{template, data}]} from standard input, writes a list of HTML.
const { readFileSync } = require("node:fs");

const asked = JSON.parse(readFileSync(0, "utf8"));
const _ = require(asked.underscore);

globalThis.url_for_single_job_view = (id) => "/rq/0/view/job/" + encodeURIComponent(id);
globalThis.toRelative = (when) => String(when);
Date.create = (when) => when;

process.stdout.write(
  JSON.stringify(asked.templates.map(({ template, data }) => _.template(template)({ d: data, ...data }))),
);
