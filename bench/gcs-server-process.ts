/** A stand-in for Google Cloud Storage in a process of its own. */
import {startGcsServer} from '../test/support/gcs-server.ts';

const {url} = await startGcsServer();
process.send!(url);
process.once('disconnect', () => process.exit());
