// The test runner loads this assembly as a library. Started as a program it runs its tests itself, where there is no SDK (docs/gpu.md), or
// is the child of those tests that kill or interrupt a training.
return args is ["tests", .. string[] names] ? Engine.Tests.TestRun.Of(names) : Engine.Tests.Training.TrainedPrograms.Run(args[0], args[1..]);
