import tls from 'node:tls';

const timeoutMs = 2000;

/** Whether TLS is spoken at a port, whoever's certificate is shown. */
export function speaksTls({hostname, port}: URL): Promise<boolean> {
	return new Promise(resolve => {
		const socket = tls.connect({
			host: hostname.replace(/^\[|\]$/g, ''),
			port: Number(port || 80),
			rejectUnauthorized: false,
			timeout: timeoutMs,
		});
		const end = (answer: boolean) => () => {
			socket.destroy();
			resolve(answer);
		};
		socket.once('secureConnect', end(true)).once('error', end(false)).once('timeout', end(false));
	});
}
