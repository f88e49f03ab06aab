"""From coarse daily fields to fine ones: an encoder of a long coarse series, frozen inside a small diffusion model.

After Xiang and others (2025), small enough for a laptop, on the embedded world, whose fine truth is known. ``fields``
makes coarse and fine fields and parts the days; ``networks`` has the U-Net and the encoder that is handed on,
``diffusion`` the noise; ``simple`` and ``learned`` are the arms; ``judging`` scores fields. Arrays come in and go out:
no store is read here, and nothing is drawn.
"""
