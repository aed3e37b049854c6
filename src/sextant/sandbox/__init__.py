"""Six simulated networks over real HTTP, as strict as the real ones.

They share no code with the adapters they judge. Each real host is a path: `https://api.x.com/2/tweets` is
`http://127.0.0.1:PORT/api.x.com/2/tweets` here. The switches are under `/_control`.
"""
