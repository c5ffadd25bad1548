#:package TorchSharp-cpu
#:property PublishAot=false
#:property RootNamespace=Engine.Bench.Peers.LibTorch

// libtorch as a peer of the engine, through TorchSharp; `Engine.Bench steps` and `matmul` start it by their option --torchsharp. Requests
// and answers are those of serve.py. A program of its own, because its package has more than 300 MB that nothing else needs.
//
//   peer.cs steps MODEL THREADS find      times the ways to run a step and says the name of the fastest
//   peer.cs steps MODEL THREADS WAY       makes that one, says the losses of its first step, and serves it
//   peer.cs matmul THREADS                serves products: run SECONDS M N K FORM
using System.Globalization;
using System.Reflection;
using Engine.Bench.Peers.LibTorch;
using TorchSharp;

// What the assembly says of itself is the version of TorchSharp; libtorch's is in the names of its packages only.
string? version = typeof(torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
string name = $"TorchSharp {version?.Split('+')[0]}";
try
{
    switch (args)
    {
        case ["matmul", var threads]:
            Prepare(threads);
            Serving.Say(new { name });
            Serving.Serve((seconds, what) => new { times_ms = Products.Times(seconds, what) });
            return 0;
        case ["steps", var model, var threads, "find"]:
            Prepare(threads);
            Serving.Say(new { note = Way.Fastest(model).Name });
            return 0;
        case ["steps", var model, var threads, var way]:
            Prepare(threads);
            Func<double[]> step = TrainingSteps.Make(model, Way.Named(way));
            double[] losses = step();
            Serving.Say(new { name, losses });
            Serving.Serve((seconds, _) => new { times_ms = Serving.Timed(() => losses = step(), seconds), losses });
            return 0;
        default:
            Serving.Say(new { error = $"expected 'steps MODEL THREADS find|WAY' or 'matmul THREADS', found '{string.Join(' ', args)}'" });
            return 1;
    }
}
catch (Exception e) when (e is ArgumentException or TypeInitializationException or DllNotFoundException or NotSupportedException)
{
    Serving.Say(new { error = (e.InnerException ?? e).Message.ReplaceLineEndings(" ") });
    return 1;
}

static void Prepare(string threads)
{
    torch.set_num_threads(int.Parse(threads, CultureInfo.InvariantCulture));
    torch.random.manual_seed(1);
}
