using System.Diagnostics;

namespace Engine.Tests.Faults;

/// <summary>Runs whose standard output is closed or full, or whose working directory is gone.</summary>
public sealed class StandardOutputTests : IsolatedTests
{
    [SkippableTheory]
    [InlineData("> /dev/full", ".*No space left on device.*")]
    [InlineData(">&-", ".*")]
    [InlineData("| head -1", null)]
    public void Training_goes_on_without_an_output(string output, string? why)
    {
        Skip.IfNot(File.Exists("/dev/full"), "There are no devices.");
        (int Code, string Error) result = Shell($"'{Folder["out"]}' --epochs 3", output, cd: ".");
        string error = why is null ? "^$" : @$"^regression: The standard output cannot be written: {why}\. The run goes on without it\.\n$";
        Assert.Matches(error, result.Error);
        Assert.Equal(why is null ? 0 : 1, result.Code);
        using SafetensorsFile file = SafetensorsFile.Open(Folder["out/checkpoint.safetensors"]);
        Assert.Contains("\"Epoch\":4", file.Metadata["training"]);
    }

    [SkippableFact]
    public void A_working_directory_that_is_gone_is_told()
    {
        Skip.IfNot(File.Exists("/dev/full"), "There is no shell.");
        Directory.CreateDirectory(Folder["gone"]);
        (int code, string error) = Shell("out", "", cd: Folder["gone"] + "' && rmdir '" + Folder["gone"]);
        Assert.Equal(1, code);
        Assert.Matches("^regression: The working directory cannot be found \\(.*\\): change to one that exists\\.\\n$", error);
    }

    private static (int Code, string Error) Shell(string arguments, string output, string cd)
    {
        string host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
        string program = $"'{host}' '{typeof(TrainedPrograms).Assembly.Location}' regression --device cpu:1";
        string command = $"cd '{cd}' && {program} --out {arguments} {output}";
        using Process shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardError = true })!;
        string error = shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        return (shell.ExitCode, error);
    }
}
