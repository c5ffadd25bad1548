using Engine.Tests;
using Engine.Tests.Devices;

// The test runner loads this assembly as a library. Started as a program it runs its tests itself, where there is no SDK (docs/gpu.md), or
// is the child of those tests that kill or interrupt a training, or watch what one loads or what is compiled.
return args switch
{
    ["tests", .. string[] names] => TestRun.Of(names),
    [HostOnlyTests.Program, string model, .. string[] rest] => HostOnlyTests.Watch(model, rest),
    [MachineCode.RunProgram] => MachineCode.Run(),
    [MachineCode.CheckProgram, string file] => MachineCode.Check(file),
    _ => TrainedPrograms.Run(args[0], args[1..], KillSwitch.Stepped()),
};
