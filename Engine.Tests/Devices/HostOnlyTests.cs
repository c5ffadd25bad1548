namespace Engine.Tests.Devices;

/// <summary>A program on the host does not pay for ILGPU: its assembly is not even loaded.</summary>
public sealed class HostOnlyTests : IsolatedTests
{
    /// <summary>The argument with which the tests' assembly, started as a program, runs <see cref="Watch"/>.</summary>
    internal const string Program = "watch-ilgpu";

    private const string Loaded = "ILGPU was loaded";

    [SkippableTheory, Values("gan", "transformer", "flow")]
    public void A_training_on_the_host_does_not_load_ilgpu(string model)
    {
        Skip.If(CudaDriver.Probe().Cards.Count > 0 || Environment.GetEnvironmentVariable("ENGINE_DEVICE") is { Length: > 0 },
            "The default device may be another one.");
        using ChildProgram child = new(Program, model, "--out", Folder.Path, "--epochs", "1");
        (int code, string output, string error) = child.Result();
        Assert.True(code == 0, error);
        Assert.DoesNotContain(Loaded, output);
    }

    /// <summary>Runs a training program on the default device, and says from where ILGPU is loaded, if it is.</summary>
    internal static int Watch(string model, string[] args)
    {
        AppDomain.CurrentDomain.AssemblyLoad += (_, load) =>
        {
            if (load.LoadedAssembly.GetName().Name!.StartsWith("ILGPU", StringComparison.Ordinal))
                Console.WriteLine($"{Loaded}:{Environment.NewLine}{Environment.StackTrace}");
        };
        return TrainedPrograms.Run(model, args);
    }
}
