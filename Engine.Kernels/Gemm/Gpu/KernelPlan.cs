namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// The rungs of the ladder of GPU kernels for a matrix product, each the next idea on the way to a fast one. The convolutions have the same
/// ladder, with an operand that is found in the image instead of a matrix. The rung is chosen by the shape; <c>ENGINE_KERNEL=matmul:N</c>
/// and <c>conv:N</c> choose it for all of a process.
/// </summary>
internal enum KernelRung
{
    /// <summary>One thread computes one element and reads all that it needs from memory.</summary>
    Naive = 1,

    /// <summary>A group of 16 x 16 threads shares what it reads: tiles go through shared memory.</summary>
    SharedTile = 2,

    /// <summary>
    /// A group of 256 threads computes a tile of 128 x 128, each thread 8 x 8 elements in registers, with 16-byte loads; of a convolution a
    /// tile of 64 x 64, each thread 4 x 4 elements.
    /// </summary>
    RegisterTile = 3,

    /// <summary>
    /// The same, with the tiles of three steps on their way to shared memory while one is computed from (cp.async). Float32; NVIDIA GPUs
    /// from sm_80 on.
    /// </summary>
    AsyncTile = 4,

    /// <summary>Tensor cores (mma.sync) on operands rounded to TF32; NVIDIA GPUs from sm_80 on.</summary>
    Tf32 = 5,

    /// <summary>
    /// Tensor cores on operands rounded to bfloat16, of the gradient of a convolution's weight to TF32; NVIDIA GPUs from sm_80 on.
    /// </summary>
    BFloat16 = 6,
}

/// <summary>How a GPU computes a product or a convolution.</summary>
/// <param name="Rung">The kernel.</param>
/// <param name="Splits">The parts into which each sum is split, which groups compute side by side; 1 splits nothing.</param>
internal readonly record struct KernelPlan(KernelRung Rung, int Splits = 1)
{
    /// <summary>The best rung of large tiles.</summary>
    internal static KernelRung LargestRung(bool hasTensorCores, DType dtype, Precision precision) =>
        (hasTensorCores && dtype == DType.Float32, precision) switch
        {
            (false, _) => KernelRung.RegisterTile,
            (true, Precision.Tf32) => KernelRung.Tf32,
            (true, Precision.BFloat16) => KernelRung.BFloat16,
            _ => KernelRung.AsyncTile,
        };

    /// <summary>As many splits as make at least two groups for each multiprocessor, if the sum is long enough.</summary>
    /// <param name="groups">Groups without a split.</param>
    /// <param name="multiprocessors">Those of the device.</param>
    /// <param name="most">The most splits that the length of the sum allows.</param>
    internal static int SplitsFor(long groups, int multiprocessors, int most) =>
        groups >= multiprocessors ? 1 : (int)Math.Min(((2L * multiprocessors) + groups - 1) / groups, most);

    /// <summary>What may be fastest: the plan that the rules choose first, then every tile, whole and split.</summary>
    internal static IEnumerable<KernelPlan> Candidates(KernelPlan byRule, KernelRung largest, int mostSplits)
    {
        if (byRule.Rung == KernelRung.Naive) return [byRule];
        KernelRung[] rungs = largest > KernelRung.RegisterTile ? [KernelRung.SharedTile, KernelRung.RegisterTile, largest]
            : [KernelRung.SharedTile, largest];
        IEnumerable<int> splits = Enumerable.Range(0, 31).Select(power => 1 << power).TakeWhile(splits => splits <= mostSplits);
        return rungs.SelectMany(rung => splits.Select(split => new KernelPlan(rung, split))).Prepend(byRule).Distinct();
    }

    /// <summary>The fastest of some plans, measured by running them unless the file of tuned plans knows the shape.</summary>
    /// <param name="tuned">The file.</param>
    /// <param name="device">The device.</param>
    /// <param name="kernel">The name of the product.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="dtype">The type of its elements.</param>
    /// <param name="largest">The best rung that device, type and precision allow.</param>
    /// <param name="candidates">The plans.</param>
    /// <param name="length">Elements of the result.</param>
    /// <param name="run">Computes the product by a plan into a storage that is thrown away.</param>
    internal static KernelPlan Fastest(
        TunedPlans tuned, GpuDevice device, string kernel, string shape, DType dtype, KernelRung largest,
        IEnumerable<KernelPlan> candidates, int length, Action<KernelPlan, Storage> run)
    {
        List<(int, int)> pairs = [.. candidates.Select(plan => ((int)plan.Rung, plan.Splits))];
        (int rung, int splits) = tuned.Find(device, kernel, $"{shape} {dtype}, largest rung {(int)largest}", pairs, candidate =>
        {
            Storage scratch = device.Allocate(dtype, length);
            run(new((KernelRung)candidate.Rung, candidate.Parts), scratch);
            scratch.Release();
        });
        return new((KernelRung)rung, splits);
    }

    /// <summary>Throws unless a device can run the rung.</summary>
    /// <exception cref="DeviceException">It cannot.</exception>
    internal void Check(string operation, GpuDevice device)
    {
        bool needsTensorCores = Rung >= KernelRung.Tf32
            || (Rung == KernelRung.AsyncTile && device.Accelerator.AcceleratorType == AcceleratorType.Cuda);
        if (needsTensorCores && !device.HasTensorCores)
        {
            throw new DeviceException(
                $"{operation}: rung {(int)Rung} ({Rung}) needs an NVIDIA card of compute capability 8.0 or above; "
                + $"'{device.Name}' is {device.Description}.");
        }
    }
}
