# Training steps in PyTorch, eager, in the fastest form found: arguments MODEL THREADS (serve.py goes in front).
# After the first step it says its losses; then it times every variant that this PyTorch has and serves the fastest.
import itertools

from torch import nn
from torch.nn import functional as F

POOL = 8


def gan(adam, _):
    """The GAN of fully connected layers at a batch of 64, one step of the discriminator and one of the generator."""
    batch, latent = 64, 100
    generator = nn.Sequential(
        nn.Linear(latent, 256), nn.LeakyReLU(0.2, inplace=True),
        nn.Linear(256, 512), nn.LeakyReLU(0.2, inplace=True),
        nn.Linear(512, 1024), nn.LeakyReLU(0.2, inplace=True),
        nn.Linear(1024, 784), nn.Tanh())
    discriminator = nn.Sequential(
        nn.Linear(784, 1024), nn.LeakyReLU(0.2, inplace=True), nn.Dropout(0.3),
        nn.Linear(1024, 512), nn.LeakyReLU(0.2, inplace=True), nn.Dropout(0.3),
        nn.Linear(512, 256), nn.LeakyReLU(0.2, inplace=True),
        nn.Linear(256, 1), nn.Sigmoid())
    of_generator = torch.optim.Adam(generator.parameters(), lr=2e-4, **adam)
    of_discriminator = torch.optim.Adam(discriminator.parameters(), lr=2e-4, **adam)
    judged = list(discriminator.parameters())
    real = itertools.cycle((torch.rand(POOL, batch, 784) * 2 - 1).unbind())
    ones, zeros = torch.ones(batch, 1), torch.zeros(batch, 1)

    def step():
        fake = generator(torch.randn(batch, latent))
        of_discriminator.zero_grad(set_to_none=True)
        d_loss = (F.binary_cross_entropy(discriminator(next(real)), ones)
                  + F.binary_cross_entropy(discriminator(fake.detach()), zeros))
        d_loss.backward()
        of_discriminator.step()

        # The discriminator's own gradients would be thrown away: they are not computed.
        for p in judged:
            p.requires_grad_(False)
        of_generator.zero_grad(set_to_none=True)
        g_loss = F.binary_cross_entropy(discriminator(fake), ones)
        g_loss.backward()
        of_generator.step()
        for p in judged:
            p.requires_grad_(True)
        return [d_loss.item(), g_loss.item()]

    return step


def vae(adam, logits):
    """A variational autoencoder 784-400-20 at a batch of 128: cross-entropy summed, and the divergence."""
    batch = 128
    encode, mean, log_variance = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)
    decode, draw = nn.Linear(20, 400), nn.Linear(400, 784)
    parts = nn.ModuleList([encode, mean, log_variance, decode, draw])
    optimizer = torch.optim.Adam(parts.parameters(), lr=1e-3, **adam)
    images = itertools.cycle(torch.rand(POOL, batch, 784).unbind())

    def step():
        x = next(images)
        optimizer.zero_grad(set_to_none=True)
        h = F.relu(encode(x), inplace=True)
        m, v = mean(h), log_variance(h)
        z = m + torch.randn_like(m) * torch.exp(0.5 * v)
        y = draw(F.relu(decode(z), inplace=True))
        if logits:
            reconstruction = F.binary_cross_entropy_with_logits(y, x, reduction='sum')
        else:
            reconstruction = F.binary_cross_entropy(torch.sigmoid(y), x, reduction='sum')
        loss = reconstruction - 0.5 * torch.sum(1 + v - m.pow(2) - v.exp())
        loss.backward()
        optimizer.step()
        return [loss.item()]

    return step


def variants(form):
    """(name, make) for every way to run Adam, and for the VAE every way to compute its loss, that works here."""
    adams = [('fused Adam', dict(fused=True)), ('foreach Adam', dict(foreach=True)), ('plain Adam', dict(foreach=False)), ('plain Adam', {})]
    losses = [('', False)] if form is gan else [(', loss from probabilities', False), (', loss from logits', True)]
    found = []
    for (name, adam), (loss, logits) in itertools.product(adams, losses):
        if any(name + loss == other for other, _ in found):
            continue
        try:
            step = form(adam, logits)
            step()
        except (TypeError, RuntimeError):
            continue
        found.append((name + loss, step))
    return found


def fastest(candidates):
    """The fastest candidate, timed in turns; by the lower quartile, which a disturbance of some turns does not move."""
    times = {name: [] for name, _ in candidates}
    for _ in range(6):
        for name, step in candidates:
            times[name] += timed(step, 0.15)
    quartile = {name: sorted(t)[len(t) // 4] for name, t in times.items()}
    return min(candidates, key=lambda candidate: quartile[candidate[0]])


torch.set_num_threads(int(sys.argv[2]))
torch.set_flush_denormal(True)
torch.manual_seed(1)
model = dict(gan=gan, vae=vae)[sys.argv[1]]
say(name='PyTorch ' + torch.__version__, losses=model({}, False)())
variant, chosen = fastest(variants(model))
say(note=variant)


def window(seconds):
    losses = []

    def step():
        losses[:] = chosen()

    return dict(times_ms=timed(step, seconds), losses=losses)


serve(window)
