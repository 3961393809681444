// Passkeys: a part of a page with data-passkey="use" or "add" is shown where the
// browser knows passkeys. Its button asks the server what to ask for, asks the
// device, and sends the answer back.

const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))

const encode = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')

async function post(address, body) {
	const answer = await fetch(address, {
		method: 'POST',
		headers: { 'Accept': 'application/json', 'Content-Type': 'application/json' },
		body: JSON.stringify(body ?? {}),
	})
	const said = await answer.json()
	if (!answer.ok) throw new Error(said.error)
	return said
}

async function use(next) {
	const { publicKey } = await post('/sign-in/passkey/begin')
	publicKey.challenge = decode(publicKey.challenge)
	publicKey.allowCredentials?.forEach((c) => { c.id = decode(c.id) })
	const c = await navigator.credentials.get({ publicKey })
	return post('/sign-in/passkey', {
		next,
		credential: {
			id: c.id, rawId: encode(c.rawId), type: c.type, clientExtensionResults: {},
			response: {
				clientDataJSON: encode(c.response.clientDataJSON), authenticatorData: encode(c.response.authenticatorData),
				signature: encode(c.response.signature), userHandle: c.response.userHandle ? encode(c.response.userHandle) : undefined,
			},
		},
	})
}

async function add(next, name) {
	const { publicKey } = await post('/sign-in/new-passkey/begin')
	publicKey.challenge = decode(publicKey.challenge)
	publicKey.user.id = decode(publicKey.user.id)
	publicKey.excludeCredentials?.forEach((c) => { c.id = decode(c.id) })
	const c = await navigator.credentials.create({ publicKey })
	return post('/sign-in/new-passkey', {
		next, name,
		credential: {
			id: c.id, rawId: encode(c.rawId), type: c.type, clientExtensionResults: {},
			response: {
				clientDataJSON: encode(c.response.clientDataJSON), attestationObject: encode(c.response.attestationObject),
				transports: c.response.getTransports?.() ?? [],
			},
		},
	})
}

if (window.PublicKeyCredential) {
	for (const part of document.querySelectorAll('[data-passkey]')) {
		part.hidden = false
		const button = part.querySelector('button')
		const fault = part.querySelector('[data-passkey-fault]')
		button.addEventListener('click', async () => {
			button.disabled = true
			fault.textContent = ''
			try {
				const { to } = part.dataset.passkey === 'use' ? await use(part.dataset.next) : await add(part.dataset.next, part.querySelector('input')?.value)
				location.assign(to)
			} catch (err) {
				fault.textContent = err.name === 'NotAllowedError' ? 'The device did not confirm it is you, or it took too long. Try again.' : err.message
				button.disabled = false
			}
		})
	}
}
