import { toJsonSchema } from '@valibot/to-json-schema';
import { ProfileSchema } from './profile.ts';

/** The part of JSON Schema that profiles use. */
interface Described {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly Described[];
  readonly properties?: Readonly<Record<string, Described>>;
}

function described(): Described {
  return toJsonSchema(ProfileSchema, { errorMode: 'ignore', typeMode: 'input' }) as Described;
}

/** docs/profile.schema.json: the schema for editors and other programs. */
export function profileSchemaJson(): string {
  const schema = { ...described(), title: 'Profile of a simulated feeder' };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** The tables of docs/profiles.md: every key with its range and default. */
export function profileTables(): string {
  const properties = described().properties ?? {};
  const sections = Object.entries(properties).filter(([, part]) => part.type === 'object');
  const plain = Object.entries(properties).filter(([, part]) => part.type !== 'object');
  return [
    table('At the top', undefined, plain),
    ...sections.map(([name, part]) =>
      table(`\`${name}\``, part.description, Object.entries(part.properties ?? {})),
    ),
  ].join('\n');
}

function table(
  title: string,
  what: string | undefined,
  rows: readonly (readonly [string, Described])[],
): string {
  const lines = rows.map(([key, field]) => {
    const number = field.anyOf?.find((part) => part.type !== 'null') ?? field;
    const cells = [`\`${key}\``, range(number, field.anyOf !== undefined), fallback(field)];
    return `| ${cells.join(' | ')} | ${number.description ?? ''} |`;
  });
  const head = ['| key | range | default | what |', '|---|---|---|---|'];
  return [`### ${title}`, '', ...(what ? [what, ''] : []), ...head, ...lines, ''].join('\n');
}

function range(field: Described, canBeNull: boolean): string {
  const values =
    field.minimum === undefined
      ? (field.type ?? '')
      : `${field.minimum} to ${field.maximum}${field.type === 'integer' ? ', whole' : ''}`;
  return canBeNull ? `${values}, or null` : values;
}

function fallback(field: Described): string {
  return field.default === undefined ? '–' : String(field.default);
}
