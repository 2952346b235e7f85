import { camera } from './en/camera.ts';
import { cats } from './en/cats.ts';
import { cloud } from './en/cloud.ts';
import { frame } from './en/frame.ts';
import { home } from './en/home.ts';
import { plan } from './en/plan.ts';
import { system } from './en/system.ts';

/**
 * Every text of the page. A text in another language has the same key and the same `{names}`;
 * keys that end in `.one` and `.other` are the forms of a counted text.
 */
export const en = { ...frame, ...home, ...plan, ...cats, ...system, ...camera, ...cloud } as const;
