# Matrix products in PyTorch: argument THREADS (serve.py goes in front). Requests are `run SECONDS M N K FORM`.
torch.set_num_threads(int(sys.argv[1]))
say(name='PyTorch ' + torch.__version__)


def window(seconds, m, n, k, form):
    m, n, k = int(m), int(n), int(k)
    a = torch.rand(k, m).t() if form[0] == 'T' else torch.rand(m, k)
    b = torch.rand(n, k).t() if form[1] == 'T' else torch.rand(k, n)
    c = torch.empty(m, n)
    return dict(times_ms=timed(lambda: torch.mm(a, b, out=c), seconds))


serve(window)
