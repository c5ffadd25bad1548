// The test runner loads this assembly as a library. Started as a program it is the child of those tests that kill or interrupt a training.
return Engine.Tests.TrainedPrograms.Run(args[0], args[1..]);
