#!/usr/bin/env python3
"""`moescope bench rl` in PyTorch's eager loop: DQN updates a second on the MinAtar network.

    pip install torch;  torch_dqn_peer.py [--layer dense|soft] [--experts 8] [--threads 1] [--against moescope]

A 3x3 convolution to 16 channels gives 64 tokens of 16; then a dense layer of 128 units, or Soft MoE with experts of 128
units and ceil(64 / experts) slots each, logits not normalised; then six actions. An update takes a batch of 32, a target
from a second network, the mean squared TD error and Adam. Prints one JSON line; with --against BINARY both sides run in
turn, and the median of the rounds' ratios is the figure to quote.
"""
import argparse
import json
import math
import statistics
import subprocess
import time

import torch
from torch import nn
from torch.nn import functional as F

CHANNELS, ACTIONS, PLACES, WIDTH, HIDDEN = 4, 6, 64, 16, 128


class SoftMoe(nn.Module):
    def __init__(self, experts):
        super().__init__()
        self.experts, self.slots = experts, math.ceil(PLACES / experts)
        self.phi = nn.Parameter(torch.randn(WIDTH, experts * self.slots) / math.sqrt(WIDTH * experts))
        self.w1 = nn.Parameter(torch.randn(experts, WIDTH, HIDDEN) / math.sqrt(WIDTH))
        self.b1 = nn.Parameter(torch.zeros(experts, 1, HIDDEN))
        self.w2 = nn.Parameter(torch.randn(experts, HIDDEN, WIDTH) / math.sqrt(HIDDEN))
        self.b2 = nn.Parameter(torch.zeros(experts, 1, WIDTH))

    def forward(self, features):
        batch, tokens = len(features), features.flatten(2).transpose(1, 2)
        logits = tokens @ self.phi
        slots = (logits.softmax(1).transpose(1, 2) @ tokens).view(batch, self.experts, self.slots, WIDTH)
        x = slots.transpose(0, 1).reshape(self.experts, batch * self.slots, WIDTH)
        y = torch.baddbmm(self.b2, F.relu(torch.baddbmm(self.b1, x, self.w1)), self.w2)
        y = y.view(self.experts, batch, self.slots, WIDTH).transpose(0, 1).reshape(batch, -1, WIDTH)
        return (logits.softmax(2) @ y).flatten(1)


def network(layer, experts):
    encoder = [nn.Conv2d(CHANNELS, WIDTH, 3), nn.ReLU()]
    if layer == 'soft':
        return nn.Sequential(*encoder, SoftMoe(experts), nn.Linear(PLACES * WIDTH, ACTIONS))
    return nn.Sequential(*encoder, nn.Flatten(), nn.Linear(PLACES * WIDTH, HIDDEN), nn.ReLU(),
                         nn.Linear(HIDDEN, ACTIONS))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--layer', default='dense', choices=['dense', 'soft'])
    parser.add_argument('--experts', type=int, default=8)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--seconds', type=float, default=4)
    parser.add_argument('--against', help='a moescope binary')
    parser.add_argument('--rounds', type=int, default=5, help='with --against')
    a = parser.parse_args()
    if a.against:
        compare(a)
    else:
        print(json.dumps(measure(a)))


def compare(a):
    command = [a.against, 'bench', 'rl', '--layer', a.layer, '--experts', str(a.experts), '--threads', str(a.threads),
               '--batch', str(a.batch), '--seconds', str(a.seconds)]
    ratios = []
    for n in range(a.rounds):
        ours = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[-1])
        theirs = measure(a)
        assert ours['params'] == theirs['params'], 'not the same network'
        ratios.append(ours['updates_per_s'] / theirs['updates_per_s'])
        print(f"round {n + 1}: {ours['updates_per_s']} and {theirs['updates_per_s']} updates/s", flush=True)
    print(f'median ratio: {statistics.median(ratios):.2f}')


def measure(a):
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    online, target = network(a.layer, a.experts), network(a.layer, a.experts)
    adam = torch.optim.Adam(online.parameters(), lr=1e-4, fused=True)
    states, following = torch.rand(2, a.batch, CHANNELS, 10, 10)
    actions, rewards = torch.randint(0, ACTIONS, (a.batch, 1)), torch.rand(a.batch)

    def update():
        with torch.no_grad():
            wanted = rewards + .99 * target(following).max(1).values
        loss = F.mse_loss(online(states).gather(1, actions)[:, 0], wanted)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()

    for _ in range(20):
        update()
    done, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < a.seconds:
        update()
        done += 1
    rate = done / (time.perf_counter() - begin)
    return {'peer': 'torch ' + torch.__version__, 'layer': a.layer, 'experts': a.experts if a.layer == 'soft' else 1,
            'threads': a.threads, 'updates_per_s': round(rate, 1),
            'params': sum(p.numel() for p in online.parameters())}


main()
