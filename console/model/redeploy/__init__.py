"""From a container as it is to one like it: what to ask an engine for, and what stands in the way. Pure.

Works on documents as engines send them (Docker API, `ContainerInspect` and `ImageInspect`), which hold
secrets and unsafe text: nothing of them is shown or logged here.
"""
