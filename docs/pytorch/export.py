import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 8, 3, stride=2, padding=1)
        self.fc = nn.Linear(8 * 3 * 3, 10)

    def forward(self, x):                                   # [n, 1, 12, 12]
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.relu(self.conv2(x))
        return self.fc(torch.flatten(x, 1))                 # features in the order channels, height, width


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 4, stride=2, padding=1)
        self.fc_mu = nn.Linear(4 * 4 * 4, 2)
        self.fc_logvar = nn.Linear(4 * 4 * 4, 2)
        self.fc_decode = nn.Linear(2, 4 * 4 * 4)
        self.deconv = nn.ConvTranspose2d(4, 1, 4, stride=2, padding=1)

    def encode(self, x):                                    # [n, 1, 8, 8]
        h = torch.flatten(F.relu(self.conv(x)), 1)
        return self.fc_mu(h), self.fc_logvar(h)

    def decode(self, z):                                    # logits, [n, 1, 8, 8]
        return self.deconv(F.relu(self.fc_decode(z)).view(-1, 4, 4, 4))


def save(model, path, **check):
    tensors = {**model.state_dict(), **{f"check.{name}": tensor for name, tensor in check.items()}}
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, path)


torch.manual_seed(1)
cnn, vae = Cnn(), Vae()
for _ in range(20):                                         # the running statistics move away from 0 and 1
    cnn(2 * torch.randn(16, 1, 12, 12) + 1)
cnn.eval()
x = torch.rand(2, 1, 12, 12)
save(cnn, "cnn.safetensors", input=x, output=cnn(x))

x = torch.rand(2, 1, 8, 8)
mean, logvar = vae.encode(x)
save(vae, "vae.safetensors", input=x, mean=mean, logvar=logvar, decoded=torch.sigmoid(vae.decode(mean)))
