/**
 * The custom record of the outbox in the database, as N/record and N/search treat it.
 *
 * Sources: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157072844224.html (governance),
 * section_4267283372 (record.delete), section_4267283788 (record.submitFields), article_4094344956 (search operators).
 */
const { suiteScriptError } = require('./errors');

const MAX_LENGTHS = { TEXT: 300, TEXTAREA: 4000 };
const MAX_RANGE = 1000;

/** Turns a value as a script sets it into the value that is stored, or refuses it. */
const stored = (fieldId, fieldType, value) => {
    if (fieldType === 'CHECKBOX') {
        if (typeof value !== 'boolean') {
            throw suiteScriptError('INVALID_FLD_VALUE', `A checkbox takes a boolean: ${fieldId}.`);
        }
        return value;
    }
    const text = value === null || value === undefined ? '' : String(value);
    if (text.length > (MAX_LENGTHS[fieldType] || Infinity)) {
        throw suiteScriptError(
            'MAXIMUM_LENGTH',
            `The field ${fieldId} contained more than the maximum number ( ${MAX_LENGTHS[fieldType]} ) of characters allowed.`
        );
    }
    if (fieldType === 'INTEGER' && !/^-?\d+$/.test(text)) {
        throw suiteScriptError('INVALID_NUMBER', `Invalid number: ${text}`);
    }
    return text;
};

class Table {
    constructor({ id, fields }, spend) {
        this.type = id;
        this.fields = fields;
        this.spend = spend;
        this.rows = new Map();
        this.lastId = 0;
    }

    check(type, ids) {
        if (type !== this.type) {
            throw suiteScriptError('INVALID_RCRD_TYPE', `The record type [${type}] is invalid.`);
        }
        ids.filter((id) => !(id in this.fields)).forEach((id) => {
            throw suiteScriptError('SSS_INVALID_FIELD_ID', `There is no field ${id}.`);
        });
    }

    create({ type }) {
        this.spend(2);
        this.check(type, []);
        const row = {};
        return {
            setValue: ({ fieldId, value }) => {
                this.check(type, [fieldId]);
                row[fieldId] = stored(fieldId, this.fields[fieldId], value);
            },
            save: () => {
                this.spend(4);
                this.lastId += 1;
                this.rows.set(this.lastId, row);
                return this.lastId;
            },
        };
    }

    existing(id) {
        const row = this.rows.get(Number(id));
        if (!row) {
            throw suiteScriptError('RCRD_DSNT_EXIST', 'That record does not exist.');
        }
        return row;
    }

    submitFields({ type, id, values }) {
        this.spend(2);
        this.check(type, Object.keys(values));
        const row = this.existing(id);
        Object.entries(values).forEach(([fieldId, value]) => {
            row[fieldId] = stored(fieldId, this.fields[fieldId], value);
        });
        return id;
    }

    remove({ type, id }) {
        this.spend(4);
        this.check(type, []);
        this.existing(id);
        this.rows.delete(Number(id));
        return id;
    }

    search({ type, filters, columns }) {
        const isCustom = (name) => name !== 'isinactive';
        const conditions = filters.filter((filter) => Array.isArray(filter));
        this.check(type, [...conditions.map(([name]) => name).filter(isCustom), ...columns.map(({ name }) => name)]);
        const matches = (row) =>
            conditions.every(([name, operator, value]) => {
                expect([operator, value]).toEqual(['is', 'F']);
                return isCustom(name) ? row[name] !== true : true;
            });
        const order = columns.find(({ sort }) => sort === 'ASC').name;
        return {
            run: () => ({
                getRange: ({ start, end }) => this.range(matches, order, start, end),
            }),
        };
    }

    range(matches, order, start, end) {
        this.spend(10);
        if (end - start > MAX_RANGE) {
            throw suiteScriptError('SSS_SEARCH_RANGE_LIMIT', 'No more than 1000 search results can be requested at one time.');
        }
        // An empty value comes last in ascending order, as in Oracle's database.
        const key = ([, row]) => row[order] || '\uffff';
        return [...this.rows]
            .filter(([, row]) => matches(row))
            .sort((left, right) => (key(left) < key(right) ? -1 : Number(key(left) > key(right))))
            .slice(start, end)
            .map(([id, row]) => ({ id: String(id), getValue: ({ name }) => row[name] ?? null }));
    }
}

module.exports = { Table };
