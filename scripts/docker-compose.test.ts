import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readCloudConfig } from '../cloud-sync/src/config/cloud-config.ts';

interface Service {
  readonly image: string;
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
  readonly mem_limit?: string;
  readonly volumes?: readonly string[];
  readonly privileged?: boolean;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file?: string }>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

const root = resolve(import.meta.dirname, '..');
const text = readFileSync(resolve(root, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries(compose.services);

describe('A-53 docker-compose.yml', () => {
  it.each(services)('%s is healthy or not, starts again, and has its bounds', (_, service) => {
    expect(service.healthcheck?.test.length).toBeGreaterThan(1);
    expect(service.restart).toBe('unless-stopped');
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    expect(service.privileged).toBe(undefined);
  });

  it.each(services)('%s is of one version for ever', (_, { image }) => {
    expect(image).toMatch(/^[\w./-]+:\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(image).not.toContain('latest');
  });

  it('builds on one version of Node', () => {
    const lines = readFileSync(resolve(root, 'cloud-sync/deploy/Dockerfile'), 'utf8');
    const bases = [...lines.matchAll(/^FROM (\S+)/gm)].map((match) => match[1]);
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/^node:24\.\d+\.\d+-[\w-]+$/);
    expect(lines).toMatch(/^USER node$/m);
  });

  it('publishes what feeders and members ask, and no store of data', () => {
    const published = services.flatMap(([name, { ports = [] }]) =>
      ports.map((port) => `${name} ${port}`),
    );
    expect(published).toEqual(['proxy 80:80', 'proxy 443:443', 'broker 8883:8883']);
    expect(compose.networks['inside']?.internal).toBe(true);
    for (const name of ['database', 'cache']) {
      expect(compose.services[name]?.networks).toEqual(['inside']);
    }
  });

  it('has no secret in it: they are files, and each service sees its own only', () => {
    for (const [, { environment = {} }] of services) {
      const open = Object.keys(environment).filter((name) =>
        /PASSWORD|SECRET|KEY|TOKEN/.test(name),
      );
      const bad = open.filter((name) => !/_FILE$|RANDOM/.test(name));
      expect(bad).toEqual([]);
      expect(Object.values(environment).join(' ')).not.toMatch(/:\/\/[^\s/]*:[^\s/]*@/);
    }
    const named = services.flatMap(([, { secrets = [] }]) => secrets);
    expect(new Set(named)).toEqual(new Set(Object.keys(compose.secrets)));
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(file).toBe(`./secrets/${name}`);
    }
  });

  it('says what the service understands', () => {
    const values = { CLOUD_DOMAIN: 'cloud.example.org', CLOUD_S3_URL: 'https://s3.example.org' };
    const filled = (value: string) =>
      value.replaceAll(/\$\{(\w+)(?::[-?]([^}]*))?\}/g, (_, name: string, rest = '') => {
        return (values as Record<string, string>)[name] ?? rest;
      });
    const { environment = {} } = compose.services['cloud'] ?? {};
    const settings = Object.entries(environment).map(([name, value]) => [name, filled(value)]);
    const config = readCloudConfig(Object.fromEntries(settings));
    expect(config).toMatchObject({
      publicUrl: 'https://cloud.example.org',
      redisUrlFile: '/run/secrets/redis-url',
      s3: { url: 'https://s3.example.org', keyFile: '/run/secrets/s3-key' },
    });
    const { CLOUD_S3_URL: _, ...without } = Object.fromEntries(settings);
    expect(readCloudConfig({ ...without, CLOUD_S3_URL: '' }).s3).toBe(null);
  });
});
