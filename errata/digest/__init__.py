"""From the journals to stored events and counted issues, a batch at a time.

One turn of `loop.DigestLoop` is: read a range of each journal; write down which; decode; leave out repeats; put what
is fresh into the event store, under a token made of the ranges; and then, in one records transaction, count it into
issues, remember its ids and move the positions. Whatever dies in between, the same ranges are read again, under the
same token, with the same repeats known: every step that had already happened is a no-op.
"""
