import assert from 'node:assert/strict';
import {z} from 'zod';
import {defineSink} from '../../lib/sink/define-sink.ts';
import {ConfigError} from '../../lib/model/errors.ts';

const nowhere = defineSink({
	name: 'nowhere',
	docs: 'Forgets everything.',
	target: 'place',
	options: z.object({place: z.string().describe('where not to write'), size: z.int().default(1).describe('how much')}),
	create: ({place, size}) => ({
		target: `${place}/${size}`,
		open: async () => ({write: async () => {}, flush: async () => null, close: async () => {}}),
	}),
});

describe('defineSink', () => {
	it('makes a function from options to a sink', () => {
		const {open, ...sink} = nowhere({place: 'here'});
		assert.deepEqual(sink, {name: 'nowhere', target: 'here/1', delivery: 'required'});
		assert.equal(typeof open, 'function');
	});

	it('carries what a command line needs to know', () => {
		const {name, docs, target, options} = nowhere;
		assert.deepEqual([name, docs, target], ['nowhere', 'Forgets everything.', 'place']);
		assert.deepEqual(Object.keys(options.shape), ['place', 'size', 'delivery']);
	});

	it('leaves options to the target, unless the target is all that there is', () => {
		assert.equal(nowhere.wholeTarget, false);
		const definition = {name: 'n', docs: 'd', target: 'place', options: z.object({place: z.string()})} as const;
		const whole = defineSink({...definition, wholeTarget: true, create: () => assert.fail()});
		assert.equal(whole.wholeTarget, true);
	});

	it('refuses bad and unknown options before anything is opened', () => {
		assert.throws(() => nowhere({place: 1 as never}), ConfigError);
		assert.throws(() => nowhere({place: 'here', colour: 'red'} as never), ConfigError);
	});
});
