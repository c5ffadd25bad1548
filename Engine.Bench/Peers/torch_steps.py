# Training steps in PyTorch: arguments MODEL THREADS[@DEVICE] find [compile], or MODEL THREADS[@DEVICE] VARIANT (serve.py goes in front).
# With `find` it times the variants that this PyTorch has and says the name of the fastest. With that name it makes this variant alone, so that
# the memory it takes is that of one model, says the losses of its first step, and serves it.
import itertools
import math
import os

from torch import nn
from torch.nn import functional as F

POOL = 8

# The ways to run a step that are tried, one kind after the other; the first of each is where the search begins.
ADAMS = dict(fused=dict(fused=True), foreach=dict(foreach=True), plain=dict(foreach=False))
FORMATS = dict(contiguous=torch.contiguous_format, channels_last=torch.channels_last)
LOSSES = ('probabilities', 'logits')
MODES = ('eager', 'compiled')


class Way:
    """How a step is run: the optimiser, the memory format of images, what the loss is computed from, compiled or not."""

    def __init__(self, adam, images, loss, mode):
        self.names = [adam, images, loss, mode]
        self.options, self.format, self.logits, self.compiled = ADAMS[adam], FORMATS[images], loss == 'logits', mode == 'compiled'

    def adam(self, module, rate, **more):
        return torch.optim.Adam(module.parameters(), lr=rate, **self.options, **more)

    def adamw(self, module, rate, **more):
        return torch.optim.AdamW(module.parameters(), lr=rate, **self.options, **more)

    def prepare(self, module):
        module = module.to(memory_format=self.format)
        return torch.compile(module) if self.compiled else module

    def images(self, x):
        return x.contiguous(memory_format=self.format) if x.dim() == 4 else x

    def cross_entropy(self, logits, targets, reduction='mean'):
        if self.logits:
            return F.binary_cross_entropy_with_logits(logits, targets, reduction=reduction)
        return F.binary_cross_entropy(torch.sigmoid(logits), targets, reduction=reduction)


def pool(way, low, *shape):
    """A few batches of random images, uniform from low to 1, in turn."""
    return itertools.cycle([way.images(low + (1 - low) * torch.rand(shape)) for _ in range(POOL)])


def adversarial(way, generator, discriminator, real, batch, latent, beta1):
    """One step of the discriminator, on real and on generated samples, and one of the generator."""
    of_generator = way.adam(generator, 2e-4, betas=(beta1, 0.999))
    of_discriminator = way.adam(discriminator, 2e-4, betas=(beta1, 0.999))
    judged = list(discriminator.parameters())
    generator, discriminator = way.prepare(generator), way.prepare(discriminator)
    ones, zeros = torch.ones(batch, 1), torch.zeros(batch, 1)

    def step():
        of_discriminator.zero_grad(set_to_none=True)
        on_real = way.cross_entropy(discriminator(next(real)), ones)
        on_real.backward()
        fake = generator(torch.randn(batch, latent))
        on_fake = way.cross_entropy(discriminator(fake.detach()), zeros)
        on_fake.backward()
        of_discriminator.step()

        # The discriminator's own gradients would be thrown away: they are not computed.
        for p in judged:
            p.requires_grad_(False)
        of_generator.zero_grad(set_to_none=True)
        g_loss = way.cross_entropy(discriminator(fake), ones)
        g_loss.backward()
        of_generator.step()
        for p in judged:
            p.requires_grad_(True)
        return [on_real.item() + on_fake.item(), g_loss.item()]

    return step


def gan(way):
    """The GAN of fully connected layers at a batch of 64."""
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
        nn.Linear(256, 1))
    return adversarial(way, generator, discriminator, pool(way, -1, batch, 784), batch, latent, 0.5)


def dcgan(way):
    """The DCGAN with its convolutional discriminator at a batch of 64."""
    batch, latent = 64, 100
    generator = nn.Sequential(
        nn.Linear(latent, 12544, bias=False), nn.BatchNorm1d(12544), nn.LeakyReLU(0.2, inplace=True), nn.Unflatten(1, (256, 7, 7)), Images(way),
        nn.ConvTranspose2d(256, 128, 5, 2, 2, 1, bias=False), nn.BatchNorm2d(128), nn.LeakyReLU(0.2, inplace=True),
        nn.ConvTranspose2d(128, 64, 5, 2, 2, 1, bias=False), nn.BatchNorm2d(64), nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(64, 1, 7, 1, 3), nn.Tanh())
    discriminator = nn.Sequential(
        nn.Conv2d(1, 64, 5, 2, 2), nn.LeakyReLU(0.2, inplace=True), nn.Dropout(0.3),
        nn.Conv2d(64, 128, 5, 2, 2), nn.LeakyReLU(0.2, inplace=True), nn.Dropout(0.3),
        nn.Flatten(), nn.Linear(6272, 1))
    return adversarial(way, generator, discriminator, pool(way, -1, batch, 1, 28, 28), batch, latent, 0.5)


class Images(nn.Module):
    """Puts images into the memory format."""

    def __init__(self, way):
        super().__init__()
        self.way = way

    def forward(self, x):
        return self.way.images(x)


class Vae(nn.Module):
    """A variational autoencoder with 20 latent dimensions: an encoder, its two heads, and a decoder that ends in logits."""

    def __init__(self, encode, features, decode):
        super().__init__()
        self.encode, self.mean, self.log_variance, self.decode = encode, nn.Linear(features, 20), nn.Linear(features, 20), decode

    def forward(self, x):
        h = self.encode(x)
        m, v = self.mean(h), self.log_variance(h)
        z = m + torch.randn_like(m) * torch.exp(0.5 * v)
        return self.decode(z), m, v


def variational(way, model, batches):
    """One step of a VAE: cross-entropy summed, and the divergence."""
    optimizer = way.adam(model, 1e-3)
    model = way.prepare(model)

    def step():
        x = next(batches)
        optimizer.zero_grad(set_to_none=True)
        y, m, v = model(x)
        loss = way.cross_entropy(y, x, 'sum') - 0.5 * torch.sum(1 + v - m.pow(2) - v.exp())
        loss.backward()
        optimizer.step()
        return [loss.item()]

    return step


def vae_mlp(way):
    """784-400-20-400-784 at a batch of 128."""
    encode = nn.Sequential(nn.Linear(784, 400), nn.ReLU(inplace=True))
    decode = nn.Sequential(nn.Linear(20, 400), nn.ReLU(inplace=True), nn.Linear(400, 784))
    return variational(way, Vae(encode, 400, decode), pool(way, 0, 128, 784))


def vae_conv(way):
    """Two convolutions of stride 2 and their mirror image at a batch of 128."""
    encode = nn.Sequential(
        nn.Conv2d(1, 32, 3, 2, 1), nn.ReLU(inplace=True), nn.Conv2d(32, 64, 3, 2, 1), nn.ReLU(inplace=True), nn.Flatten())
    decode = nn.Sequential(
        nn.Linear(20, 3136), nn.ReLU(inplace=True), nn.Unflatten(1, (64, 7, 7)), Images(way),
        nn.ConvTranspose2d(64, 64, 3, 2, 1, 1), nn.ReLU(inplace=True), nn.ConvTranspose2d(64, 32, 3, 2, 1, 1), nn.ReLU(inplace=True),
        nn.Conv2d(32, 1, 3, 1, 1))
    return variational(way, Vae(encode, 3136, decode), pool(way, 0, 128, 1, 28, 28))


class MaskedConv(nn.Conv2d):
    """A convolution whose weight is multiplied by a mask: the pixels before the centre, for type B with it."""

    def __init__(self, kind, *sizes, **more):
        super().__init__(*sizes, **more)
        height, width = self.kernel_size
        mask = torch.ones_like(self.weight)
        mask[:, :, height // 2, width // 2 + (kind == 'B'):] = 0
        mask[:, :, height // 2 + 1:] = 0
        self.register_buffer('mask', mask)

    def forward(self, x):
        return F.conv2d(x, self.weight * self.mask, self.bias, self.stride, self.padding)


def pixelcnn(way, kernel):
    """Masked convolutions, 7 x 7 of type A and seven of type B, at a batch of 32."""
    layers = [MaskedConv('A', 1, 64, 7, padding=3), nn.ReLU(inplace=True)]
    for _ in range(7):
        layers += [MaskedConv('B', 64, 64, kernel, padding=kernel // 2), nn.ReLU(inplace=True)]
    model = nn.Sequential(*layers, nn.Conv2d(64, 1, 1))
    optimizer = way.adam(model, 1e-3)
    model = way.prepare(model)
    batches = itertools.cycle([way.images((torch.rand(32, 1, 28, 28) > 0.5).float()) for _ in range(POOL)])

    def step():
        x = next(batches)
        optimizer.zero_grad(set_to_none=True)
        loss = way.cross_entropy(model(x), x)
        loss.backward()
        optimizer.step()
        return [loss.item()]

    return step


class Layer(nn.Module):
    """A layer of a Transformer whose normalisation comes first."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.projection, self.output = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.expand, self.contract = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)

    def forward(self, x):
        batch, time, width = x.shape
        q, k, v = [part.view(batch, time, self.heads, -1).transpose(1, 2) for part in self.projection(self.norm1(x)).split(width, 2)]
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.output(attended.transpose(1, 2).reshape(batch, time, width))
        return x + self.contract(F.gelu(self.expand(self.norm2(x))))


class Gpt(nn.Module):
    """A decoder-only Transformer whose table of embeddings is the matrix of the output, too; its forward pass ends in the loss."""

    def __init__(self, vocabulary, block, layers, heads, width):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(block, width)
        self.layers = nn.ModuleList([Layer(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, 0, 0.02)

    def forward(self, inputs, targets):
        x = self.tokens(inputs) + self.positions.weight
        for layer in self.layers:
            x = layer(x)
        return F.cross_entropy(F.linear(self.norm(x), self.tokens.weight).flatten(0, 1), targets.flatten())


def gpt(way):
    """nanoGPT's setting for a CPU: 4 layers of 4 heads, 128 wide, 12 pieces of 64 characters of 65; AdamW, gradients clipped by their norm."""
    model = Gpt(65, 64, 4, 4, 128)
    parameters = list(model.parameters())
    optimizer = way.adamw(model, 1e-3, betas=(0.9, 0.99), weight_decay=0.1)
    model = way.prepare(model)
    pieces = itertools.cycle([torch.randint(0, 65, (12, 65)) for _ in range(POOL)])

    def step():
        piece = next(pieces)
        loss = model(piece[:, :-1].contiguous(), piece[:, 1:].contiguous())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        return [loss.item()]

    return step


class Residual(nn.Module):
    """A residual block of the U-Net, which is told the time."""

    def __init__(self, inputs, outputs, time):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, inputs), nn.Conv2d(inputs, outputs, 3, 1, 1)
        self.time = nn.Linear(time, outputs)
        self.norm2, self.conv2 = nn.GroupNorm(8, outputs), nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x, t):
        h = self.conv1(F.silu(self.norm1(x))) + self.time(t)[:, :, None, None]
        return self.conv2(F.silu(self.norm2(h))) + self.skip(x)


class Attention(nn.Module):
    """Attention of every pixel to every other, with one head."""

    def __init__(self, channels):
        super().__init__()
        self.norm, self.qkv, self.out = nn.GroupNorm(8, channels), nn.Conv2d(channels, 3 * channels, 1), nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        b, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(b, 3, c, h * w).unbind(1)
        weights = torch.softmax(torch.bmm(q.transpose(1, 2), k) * c ** -0.5, -1)
        return x + self.out(torch.bmm(v, weights.transpose(1, 2)).reshape(b, c, h, w))


class Unet(nn.Module):
    """32, 64 and 128 channels at 28 x 28, 14 x 14 and 7 x 7, attention in the middle."""

    def __init__(self, time=128):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(32, time), nn.SiLU(), nn.Linear(time, time))
        self.input = nn.Conv2d(1, 32, 3, 1, 1)
        self.down0, self.half0 = Residual(32, 32, time), nn.Conv2d(32, 32, 3, 2, 1)
        self.down1, self.half1 = Residual(32, 64, time), nn.Conv2d(64, 64, 3, 2, 1)
        self.down2 = Residual(64, 128, time)
        self.middle1, self.attention, self.middle2 = Residual(128, 128, time), Attention(128), Residual(128, 128, time)
        self.up2, self.double2 = Residual(256, 128, time), nn.Conv2d(128, 64, 3, 1, 1)
        self.up1, self.double1 = Residual(128, 64, time), nn.Conv2d(64, 32, 3, 1, 1)
        self.up0, self.norm, self.output = Residual(64, 32, time), nn.GroupNorm(8, 32), nn.Conv2d(32, 1, 3, 1, 1)
        self.register_buffer('frequencies', torch.exp(-math.log(10000) * torch.arange(16) / 16))

    def forward(self, x, t):
        e = t.float()[:, None] * self.frequencies
        t = F.silu(self.time(torch.cat([e.sin(), e.cos()], 1)))
        a0 = self.down0(self.input(x), t)
        a1 = self.down1(self.half0(a0), t)
        a2 = self.down2(self.half1(a1), t)
        h = self.middle2(self.attention(self.middle1(a2, t)), t)
        h = self.up2(torch.cat([h, a2], 1), t)
        h = self.up1(torch.cat([self.double2(F.interpolate(h, scale_factor=2.0, mode='nearest')), a1], 1), t)
        h = self.up0(torch.cat([self.double1(F.interpolate(h, scale_factor=2.0, mode='nearest')), a0], 1), t)
        return self.output(F.silu(self.norm(h)))


def ddpm(way):
    """A denoising diffusion model of images of 28 x 28 at a batch of 64."""
    batch = 64
    model = Unet()
    optimizer = way.adam(model, 2e-4)
    model = way.prepare(model)
    batches = pool(way, -1, batch, 1, 28, 28)
    left = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000), 0)
    signal, noise = left.sqrt(), (1 - left).sqrt()

    def step():
        x = next(batches)
        t = torch.randint(0, 1000, (batch,))
        e = torch.randn_like(x)
        noisy = way.images(signal[t][:, None, None, None] * x + noise[t][:, None, None, None] * e)
        optimizer.zero_grad(set_to_none=True)
        loss = F.mse_loss(model(noisy, t), e)
        loss.backward()
        optimizer.step()
        return [loss.item()]

    return step


class Coupling(nn.Module):
    """An affine coupling of vectors with a mask of every other element."""

    def __init__(self, elements, hidden, first):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(elements, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, 2 * elements))
        self.register_buffer('kept', ((torch.arange(elements) + first) % 2).float())

    def forward(self, x):
        kept = x * self.kept
        s, t = self.net(kept).chunk(2, 1)
        changed = 1 - self.kept
        s = torch.tanh(s) * changed
        return kept + changed * (x * torch.exp(s) + t), s.sum(1)


class Couplings(nn.Module):
    """Eight of them, and the log-determinant of all."""

    def __init__(self, elements, hidden):
        super().__init__()
        self.parts = nn.ModuleList([Coupling(elements, hidden, i) for i in range(8)])

    def forward(self, x):
        total = 0
        for part in self.parts:
            x, log = part(x)
            total = total + log
        return x, total


def realnvp(way, elements, hidden, batch):
    """Eight affine couplings, trained on the density of vectors with normal latents."""
    model = Couplings(elements, hidden)
    optimizer = way.adam(model, 1e-4)
    model = way.prepare(model)
    batches = pool(way, 0, batch, elements)
    constant = 0.5 * elements * math.log(2 * math.pi)

    def step():
        x = next(batches)
        optimizer.zero_grad(set_to_none=True)
        z, log = model(x)
        loss = (0.5 * z.pow(2).sum(1) + constant - log).mean()
        loss.backward()
        optimizer.step()
        return [loss.item()]

    return step


def realnvp784(way):
    """Images of 784 pixels, networks 512 wide, a batch of 64."""
    return realnvp(way, 784, 512, 64)


def realnvp2d(way):
    """Points of the plane, networks 128 wide, a batch of 256."""
    return realnvp(way, 2, 128, 256)


def quartile(step):
    """The lower quartile of some steps' milliseconds, which a disturbance does not move."""
    step()
    times = timed(step, 0.5)
    return sorted(times)[len(times) // 4]


def find(make, choices):
    """The names of the fastest way: from the first of each kind, each kind in turn takes the fastest of its choices. None where nothing works."""
    best, shortest = None, float('inf')
    for kind, names in enumerate(choices):
        for name in names:
            trial = list(best or [others[0] for others in choices])
            trial[kind] = name
            if trial == best:
                continue
            try:
                taken = min(quartile(make(Way(*trial))) for _ in range(2))
            except Exception as e:
                # What this PyTorch does not have, or has no compiler for, is no candidate.
                print('%s does not run: %s' % (' '.join(trial), type(e).__name__), file=sys.stderr)
                continue
            if taken < shortest:
                best, shortest = trial, taken
    return best


model, (threads, _, device), variant = sys.argv[1], sys.argv[2].partition('@'), sys.argv[3]
torch.set_num_threads(int(threads))
if device:
    # The precision that the engine is asked for, by the same name: what PyTorch would take for float32 convolutions is TF32.
    torch.set_default_device(device)
    exact = os.environ.get('ENGINE_PRECISION', 'float32') == 'float32'
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = not exact
torch.set_flush_denormal(True)
torch.manual_seed(1)
make = {
    'gan': gan,
    'dcgan': dcgan,
    'vae_mlp': vae_mlp,
    'vae_conv': vae_conv,
    'pixelcnn3': lambda way: pixelcnn(way, 3),
    'pixelcnn7': lambda way: pixelcnn(way, 7),
    'gpt': gpt,
    'ddpm': ddpm,
    'realnvp784': realnvp784,
    'realnvp2d': realnvp2d,
}[model]
if variant == 'find':
    formats = list(FORMATS) if model in ('vae_conv', 'dcgan', 'pixelcnn3', 'pixelcnn7', 'ddpm') else ['contiguous']
    # A loss of another kind has no such choice.
    losses = LOSSES[:1] if model in ('gpt', 'ddpm', 'realnvp784', 'realnvp2d') else LOSSES
    best = find(make, [list(ADAMS), formats, losses, MODES if sys.argv[4:] == ['compile'] else MODES[:1]])
    if best:
        say(note='/'.join(best))
    else:
        say(error='no variant of this model runs')
    sys.exit(0)

chosen = make(Way(*variant.split('/')))
say(name='PyTorch ' + torch.__version__, losses=chosen())


def window(seconds):
    losses = []

    def step():
        losses[:] = chosen()

    return dict(times_ms=timed(step, seconds), losses=losses)


serve(window)
