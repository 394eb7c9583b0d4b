// The OpenAPI document as a page to read.
import type { OpenAPIV3_1 } from 'openapi-types';
import { type Html, html } from './html.ts';
import { page } from './page.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
/** How deep fields of fields are listed; the document itself has the rest. */
const DEPTH_MAX = 4;

type Operation = OpenAPIV3_1.OperationObject & { path: string; method: string };
type Schema = OpenAPIV3_1.SchemaObject;

export function apiPage(document: OpenAPIV3_1.Document): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method): Operation[] => {
      const operation = item?.[method];
      return operation ? [{ ...operation, path, method: method.toUpperCase() }] : [];
    }),
  );
  const sections = (document.tags ?? []).map(({ name, description }) => {
    const own = operations.filter(({ tags }) => tags?.[0] === name);
    return html`<h2 id="${name}">${name}</h2><p>${description}</p>${own.map(describe)}`;
  });
  const navigation = html`<nav aria-label="Sections">${(document.tags ?? []).map(
    ({ name }) => html`<a href="#${name}">${name}</a>`,
  )}<a href="/openapi.json">openapi.json</a></nav>`;
  const content = html`<p>${document.info.description}</p>
<p class="quiet">Version ${document.info.version}. The same as <a href="/openapi.json">OpenAPI 3.1</a>.</p>${sections}`;
  return page({ title: 'API', navigation, content });
}

function describe(operation: Operation): Html {
  const { method, path, summary, parameters = [], requestBody, responses = {}, security = [] } = operation;
  const scopes = security.flatMap((each) => Object.values(each).flat());
  const who = security.length === 0 ? 'anyone' : scopes.length > 0 ? `scope ${scopes.join(', ')}` : 'whoever is known';
  const asked = (parameters as OpenAPIV3_1.ParameterObject[]).map(
    ({ name, in: place, required, schema, description }) => ({
      name: `${name} (${place})`,
      schema: { ...(schema as Schema), ...(description && { description }) },
      required: required ?? false,
    }),
  );
  const body = jsonSchemaOf(requestBody as OpenAPIV3_1.RequestBodyObject | undefined);
  return html`<section aria-labelledby="${anchor(operation)}"><h3 id="${anchor(operation)}"><span class="method">${method}</span> <code>${path}</code></h3>
<p>${summary} <span class="quiet">(${who})</span></p>
${asked.length > 0 && fieldTable('Parameters', asked)}${body && fieldTable('Body', fieldsOf(body))}${example(operation)}
${Object.entries(responses).map(([status, response]) => describeResponse(status, response as OpenAPIV3_1.ResponseObject))}</section>`;
}

function example({ path, requestBody }: Operation): Html | false {
  const { content } = (requestBody ?? {}) as OpenAPIV3_1.RequestBodyObject;
  const body = content?.['application/json']?.example as unknown;
  if (body === undefined) return false;
  return html`<p id="example-of-${path}">For example:</p><pre aria-labelledby="example-of-${path}" tabindex="0">${JSON.stringify(body, null, 2)}</pre>`;
}

function describeResponse(status: string, response: OpenAPIV3_1.ResponseObject): Html {
  const schema = jsonSchemaOf(response);
  const fields = Number(status) < 400 && schema ? fieldsOf(schema) : [];
  if (fields.length > 0) return fieldTable(`Answer ${status}`, fields);
  return html`<p class="quiet">${status}: ${response.description || 'as above'}</p>`;
}

interface Field {
  name: string;
  schema: Schema;
  required: boolean;
}

function fieldTable(caption: string, fields: readonly Field[]): Html {
  const rows = fields.map(
    ({ name, schema, required }) =>
      html`<tr><th scope="row"><code>${name}</code></th><td>${typeText(schema)}${required ? '' : ', optional'}</td><td>${schema.description}</td></tr>`,
  );
  return html`<div class="wide"><table><caption>${caption}</caption><thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">What it is</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** Every field by its path, such as `events[].process.pid`. */
function fieldsOf(schema: Schema, prefix = '', depth = 0): Field[] {
  if (depth >= DEPTH_MAX) return [];
  const items = 'items' in schema ? (schema.items as Schema | undefined) : undefined;
  if (items) return fieldsOf(items, `${prefix}[]`, depth);
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const name = prefix ? `${prefix}.${key}` : key;
    const field = { name, schema: value as Schema, required: schema.required?.includes(key) ?? false };
    return [field, ...fieldsOf(field.schema, name, depth + 1)];
  });
}

function typeText(schema: Schema): string {
  if (schema.enum) return schema.enum.map(String).join(' | ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map((each) => typeText(each as Schema)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const items = 'items' in schema ? (schema.items as Schema | undefined) : undefined;
  const type = items ? `list of ${typeText(items)}` : [schema.type].flat().join(' | ') || 'any';
  const limits = [
    schema.minLength !== undefined && `${schema.minLength} characters or more`,
    schema.maxLength !== undefined && `at most ${schema.maxLength} characters`,
    schema.maxItems !== undefined && `at most ${schema.maxItems}`,
    schema.default !== undefined && `${JSON.stringify(schema.default)} where it is left out`,
  ].filter(Boolean);
  return [type, ...limits].join(', ');
}

function jsonSchemaOf(part: { content?: Record<string, { schema?: unknown }> } | undefined): Schema | undefined {
  return part?.content?.['application/json']?.schema as Schema | undefined;
}

function anchor({ method, path }: Operation): string {
  return `${method}${path}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
