using Engine.Tests.Training;
using Xunit;

namespace Engine.Tests.Devices;

/// <summary>A program on the host does not pay for ILGPU: its assembly is not even loaded.</summary>
public sealed class HostOnlyTests
{
    /// <summary>The argument with which the tests' assembly, started as a program, runs <see cref="ListAssemblies"/>.</summary>
    internal const string Program = "assemblies";

    [SkippableTheory]
    [InlineData("gan")]
    [InlineData("transformer")]
    [InlineData("flow")]
    public void A_training_on_the_host_does_not_load_ilgpu(string model)
    {
        Skip.If(CudaDriver.Probe().Cards.Count > 0, "The default device is a card.");
        DirectoryInfo folder = Directory.CreateTempSubdirectory("engine-host-");
        try
        {
            using ChildProgram child = new(Program, model, "--out", folder.FullName, "--epochs", "1");
            (int code, string output, string error) = child.Result();
            Assert.True(code == 0, error);
            string[] loaded = output[(output.LastIndexOf(Program, StringComparison.Ordinal) + Program.Length)..].Split(
                (char[])['\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
            Assert.Contains("Engine.Kernels", loaded);
            Assert.DoesNotContain(loaded, name => name.StartsWith("ILGPU", StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Runs a training program on the default device, and writes the names of the assemblies that are loaded then.</summary>
    internal static int ListAssemblies(string model, string[] args)
    {
        int code = TrainedPrograms.Run(model, args);
        Console.WriteLine(Program);
        foreach (System.Reflection.Assembly assembly in AppDomain.CurrentDomain.GetAssemblies()) Console.WriteLine(assembly.GetName().Name);
        return code;
    }
}
