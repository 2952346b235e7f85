import { runCloudProgram } from './app/cloud-program.ts';

process.exitCode = await runCloudProgram(process.argv.slice(2));
