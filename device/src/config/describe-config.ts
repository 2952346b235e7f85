import * as v from 'valibot';
import { DeviceConfigSchema } from './device-config.ts';
import type { SettingNotes } from './setting.ts';

/** A schema whose entries carry a default, a description and `SettingNotes`. */
export type ConfigSchema = v.StrictObjectSchema<
  Record<string, v.GenericSchema<unknown, string | number | boolean | null>>,
  undefined
>;

/** What a setting is made of: how its text in the environment or in a flag is read. */
export type SettingKind = 'text' | 'number' | 'boolean' | 'choice';

/** One setting as people meet it. */
export interface SettingDescription extends Readonly<SettingNotes> {
  readonly name: string;
  /** Its name in the environment, `FEEDER_DATA_DIR`. */
  readonly variable: string;
  /** Its name on the command line, `--data-dir`. */
  readonly flag: string;
  readonly kind: SettingKind;
  readonly isNullable: boolean;
  readonly default: string | number | boolean | null;
  /** `0 to 65535`, `debug, info, warn`; empty when there are none worth naming. */
  readonly bounds: string;
  readonly help: string;
}

/** What is read of a Valibot schema: its type, what it wraps, its steps and their limits. */
interface SchemaNode {
  readonly type: string;
  readonly wrapped?: SchemaNode;
  readonly pipe?: readonly SchemaNode[];
  readonly options?: readonly string[];
  readonly requirement?: number;
}

/** Every setting with its default, bounds, unit and help, in the order of the schema. */
export function describeConfig(
  schema: ConfigSchema = DeviceConfigSchema as unknown as ConfigSchema,
): readonly SettingDescription[] {
  return Object.entries(schema.entries).map(([name, entry]) => {
    const nodes = flatten(entry as unknown as SchemaNode);
    const notes = v.getMetadata(entry as never) as unknown as SettingNotes;
    return {
      name,
      variable: variableName(name),
      flag: `--${dashed(name)}`,
      kind: kindOf(nodes),
      isNullable: nodes.some((node) => node.type === 'nullable'),
      default: v.getDefault(entry as never) as SettingDescription['default'],
      bounds: notes.values ?? boundsOf(nodes),
      help: v.getDescription(entry as never) ?? '',
      unit: notes.unit,
      secret: notes.secret,
      restart: notes.restart,
    };
  });
}

/** The settings as they may be shown: every secret that is set is replaced by `***`. */
export function maskSecrets(
  config: Readonly<Record<string, unknown>>,
  schema?: ConfigSchema,
): Record<string, unknown> {
  const secret = new Set(
    describeConfig(schema)
      .filter((setting) => setting.secret)
      .map((setting) => setting.name),
  );
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      secret.has(name) && value !== null ? '***' : value,
    ]),
  );
}

/** `dataDir` in the environment: `FEEDER_DATA_DIR`. */
export function variableName(name: string): string {
  return `FEEDER_${dashed(name).replaceAll('-', '_').toUpperCase()}`;
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function flatten(node: SchemaNode): readonly SchemaNode[] {
  // The first step of a pipe is the schema that the pipe was made from; it has the pipe's type.
  const steps = node.pipe?.flatMap((step, index) => (index === 0 ? [] : flatten(step))) ?? [];
  const start = node.pipe?.[0];
  const inner = start?.wrapped ?? node.wrapped;
  return [node, ...(inner === undefined ? [] : flatten(inner)), ...steps];
}

function kindOf(nodes: readonly SchemaNode[]): SettingKind {
  for (const { type } of nodes) {
    if (type === 'number' || type === 'boolean') return type;
    if (type === 'picklist') return 'choice';
  }
  return 'text';
}

function boundsOf(nodes: readonly SchemaNode[]): string {
  const choice = nodes.find((node) => node.options !== undefined);
  if (choice?.options !== undefined) return choice.options.join(', ');
  const min = nodes.find((node) => node.type === 'min_value')?.requirement;
  const max = nodes.find((node) => node.type === 'max_value')?.requirement;
  return min === undefined || max === undefined ? '' : `${min} to ${max}`;
}
