using System.CommandLine;
using Engine.Bench.Gpu;
using Engine.Kernels;
using Engine.Kernels.Devices.Gpu;
using Spectre.Console;

namespace Engine.Bench.Commands;

/// <summary><c>gpu</c>: the ladders of GPU kernels rung by rung, and what memory limits beside the copy.</summary>
internal static class GpuCommand
{
    internal static Command Create()
    {
        Option<string> name = new("--device") {
            Description = "The device: cuda:N, opencl:N or simulator.", DefaultValueFactory = _ => "cuda" };
        Option<int> size = PeerOptions.Count("--size", "Rows and columns of the large products; the other sizes go by it.", 4096);
        Option<int> turns = PeerOptions.Count("--turns", "Turns of each measurement, of which the median counts.", 7);
        Option<double> seconds = PeerOptions.Seconds("About the length of a turn.", 0.05);
        Command command = new("gpu",
            "The rungs of the matrix products and convolutions on a GPU, attention, and the kernels that memory limits beside the copy.") {
                name, size, turns, seconds };
        command.SetAction(parsed => Run(parsed.GetValue(name)!, parsed.GetValue(size), parsed.GetValue(turns), parsed.GetValue(seconds)));
        return command;
    }

    private static int Run(string name, int size, int turns, double seconds)
    {
        try
        {
            using Device device = Device.Open(name);
            if (device is not GpuDevice gpu) throw new DeviceException(
                $"The ladders are of GPU kernels: expected cuda:N, opencl:N or simulator, found '{name}'.");
            AnsiConsole.WriteLine($"{device.Description}, float32 unless the rung says otherwise");
            DeviceTimer timer = new(device, seconds, turns);
            AnsiConsole.Write(MemoryBound.Measure(device, timer, rows: Math.Max(size * 8, 1) / (size < 512 ? 64 : 1)));
            AnsiConsole.Write(MatMulLadder.Measure(gpu, timer, size));
            AnsiConsole.Write(Conv2dLadder.Measure(gpu, timer, batch: size < 512 ? 1 : 64));
            AnsiConsole.Write(AttentionRate.Measure(gpu, timer, size));
            return 0;
        }
        catch (DeviceException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
