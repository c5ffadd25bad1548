Console.WriteLine("Engine.Bench");
