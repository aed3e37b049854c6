"""What the simulated Facebook and Instagram share: Meta's Graph, its tokens, batches and envelopes.

Both networks list the hosts' shared routes, so that each also runs alone; where both run, whose request it is
follows from its token or client id. Source: shared/platforms/facebook.md, which also speaks for Instagram.
"""
