using System.Reflection;
using System.Text.RegularExpressions;
using Engine.Kernels.Attention.Gpu;
using Engine.Kernels.Conv.Gpu;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Flows;
using Engine.Kernels.Flows.Gpu;
using Engine.Kernels.Gates;
using Engine.Kernels.Gates.Gpu;
using Engine.Kernels.Gemm;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Likelihoods;
using Engine.Kernels.Losses.Gpu;
using Engine.Kernels.Mapping;
using Engine.Kernels.Mapping.Gpu;
using Engine.Kernels.Movement;
using Engine.Kernels.Movement.Gpu;
using Engine.Kernels.Norms;
using Engine.Kernels.Norms.Gpu;
using Engine.Kernels.Optimizers;
using Engine.Kernels.Optimizers.Gpu;
using Engine.Kernels.Pool;
using Engine.Kernels.Pool.Gpu;
using Engine.Kernels.RandomNumbers;
using Engine.Kernels.RandomNumbers.Gpu;
using Engine.Kernels.Recurrent.Gpu;
using Engine.Kernels.Reductions;
using Engine.Kernels.Reductions.Gpu;
using Engine.Kernels.Resampling.Gpu;
using Engine.Kernels.Rows;
using Engine.Kernels.Rows.Gpu;
using Engine.Tests.Operations;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using Relu = Engine.Kernels.Elementwise.Relu;

namespace Engine.Tests.Gpu;

/// <summary>What the kernels become for NVIDIA's cards; no card is needed for this.</summary>
public sealed class PtxTests
{
    /// <summary>A class with kernels, the kernel's name, its type arguments, and its group size, 0 where ILGPU chooses it.</summary>
    public static TheoryData<Type, string, Type[], int> Kernels => new()
    {
        { typeof(GpuMap), "MapKernel", [typeof(FloatScalar), typeof(UnaryMap<Kernels.Elementwise.Tanh>)], 0 },
        { typeof(GpuMap), "MapKernel", [typeof(DoubleScalar), typeof(UnaryMap<Kernels.Elementwise.Erf>)], 0 },
        { typeof(GpuMap), "MapKernel", [typeof(FloatScalar), typeof(BinaryMap<Kernels.Elementwise.Add>)], 0 },
        { typeof(GpuMove), "CopyKernel", [typeof(uint)], 0 },
        { typeof(GpuMove), "GatherKernel", [typeof(ulong)], 0 },
        { typeof(GpuMove), "ScatterAddKernel", [typeof(float)], 256 },
        { typeof(GpuReduce), "RowKernel", [typeof(FloatScalar), typeof(SumReduction), typeof(OneGroup)], 256 },
        { typeof(GpuReduce), "RowKernel", [typeof(FloatScalar), typeof(LogSumExpReduction), typeof(OneWarp)], 256 },
        { typeof(GpuReduce), "RowKernel", [typeof(DoubleScalar), typeof(MaxReduction), typeof(OneThread)], 256 },
        { typeof(GpuReduce), "ColumnKernel", [typeof(FloatScalar), typeof(SumReduction)], 256 },
        { typeof(GpuReduce), "ColumnKernel", [typeof(DoubleScalar), typeof(VarianceReduction)], 256 },
        { typeof(GpuSoftmax), "RowKernel", [typeof(FloatScalar), typeof(SoftmaxFormula), typeof(OneThread)], 256 },
        { typeof(GpuSoftmax), "RowKernel", [typeof(FloatScalar), typeof(SoftmaxFormula), typeof(OneWarp)], 256 },
        { typeof(GpuSoftmax), "RowKernel", [typeof(FloatScalar), typeof(LogSoftmaxBackwardFormula), typeof(OneGroup)], 256 },
        { typeof(GpuCrossEntropy), "RowKernel", [typeof(FloatScalar), typeof(OneThread)], 256 },
        { typeof(GpuCrossEntropy), "RowKernel", [typeof(FloatScalar), typeof(OneWarp)], 256 },
        { typeof(GpuCrossEntropy), "RowKernel", [typeof(FloatScalar), typeof(OneGroup)], 256 },
        { typeof(GpuAffineCoupling), "RowKernel", [typeof(FloatScalar), typeof(OneWarp)], 256 },
        { typeof(GpuArgMax), "RowKernel", [typeof(float), typeof(OneThread)], 256 },
        { typeof(GpuArgMax), "RowKernel", [typeof(float), typeof(OneWarp)], 256 },
        { typeof(GpuArgMax), "RowKernel", [typeof(double), typeof(OneGroup)], 256 },
        { typeof(GpuArgMax), "ColumnKernel", [typeof(float)], 0 },
        { typeof(GpuRowSum), "RowKernel",
            [typeof(FloatScalar), typeof(MapTerm<QuaternaryMap<Kernels.Likelihoods.DivergenceOfGaussians>>), typeof(OneThread)], 256 },
        { typeof(GpuRowSum), "RowKernel",
            [typeof(FloatScalar), typeof(MapTerm<TernaryMap<Kernels.Likelihoods.DiscretizedLogistic>>), typeof(OneThread)], 256 },
        { typeof(GpuRowSum), "RowKernel", [typeof(FloatScalar), typeof(BernoulliLogLikelihood.RowTerm), typeof(OneGroup)], 256 },
        { typeof(GpuRowSum), "RowKernel",
            [typeof(DoubleScalar), typeof(MapTerm<TernaryMap<Kernels.Likelihoods.GaussianLogLikelihood>>), typeof(OneGroup)], 256 },
        { typeof(GpuMap), "MapKernel",
            [typeof(FloatScalar), typeof(QuaternaryMap<Kernels.Likelihoods.DiscretizedLogisticScaleGradient>)], 0 },
        { typeof(GpuMap), "MapKernel", [typeof(FloatScalar), typeof(BinaryMap<Kernels.Elementwise.GeluTanhGradient>)], 0 },
        { typeof(GpuCrossEntropy), "GradientKernel", [typeof(FloatScalar)], 0 },
        { typeof(GpuBatchNormalization), "ElementKernel", [typeof(FloatScalar), typeof(NormalizeGradientFormula<FoldedLeakyRelu>)], 0 },
        { typeof(GpuRandom), "Kernel", [typeof(RandomNormal.Operation), typeof(FloatScalar)], 0 },
        { typeof(NaiveMatMul), "Kernel", [typeof(FloatScalar), typeof(Identity)], 0 },
        { typeof(SharedTileMatMul), "Kernel", [typeof(FloatScalar), typeof(Identity)], 256 },
        { typeof(RegisterTileMatMul), "Kernel", [typeof(FloatScalar), typeof(Relu)], 256 },
        { typeof(RegisterTileMatMul), "Kernel", [typeof(DoubleScalar), typeof(Identity)], 256 },
        { typeof(AsyncTileMatMul), "Kernel", [typeof(Relu)], RegisterTileMatMul.Threads },
        { typeof(SplitSum), "Kernel", [typeof(FloatScalar), typeof(Kernels.Elementwise.Tanh)], 0 },
        { typeof(OperandPacking), "Kernel", [typeof(Tf32Rounding)], 0 },
        { typeof(OperandPacking), "Kernel", [typeof(BFloat16Rounding)], 0 },
        { typeof(TensorTileMatMul), "Kernel", [typeof(Tf32Rounding), typeof(Relu)], TensorTile.Threads },
        { typeof(TensorTileMatMul), "Kernel", [typeof(BFloat16Rounding), typeof(Identity)], TensorTile.Threads },
        { typeof(TensorTileWeightGradient), "Kernel", [typeof(Identity)], TensorTile.Threads },
        { typeof(WeightPacking), "Kernel", [typeof(Tf32Rounding), typeof(InputGradientProduct)], 0 },
        { typeof(TensorTileConv2d), "Kernel", [typeof(Tf32Rounding), typeof(ForwardProduct), typeof(Relu)], TensorTile.Threads },
        { typeof(TensorTileConv2d), "Kernel", [typeof(BFloat16Rounding), typeof(InputGradientProduct), typeof(Identity)],
            TensorTile.Threads },
        { typeof(GpuPooling), "FoldKernel", [typeof(FloatScalar), typeof(AverageFold)], 0 },
        { typeof(GpuPooling), "FoldKernel", [typeof(FloatScalar), typeof(MaximumFold)], 0 },
        { typeof(GpuPooling), "SpreadKernel", [typeof(DoubleScalar), typeof(PickSpread)], 0 },
        { typeof(GpuBilinear), "BilinearKernel", [typeof(FloatScalar)], 0 },
        { typeof(NaiveConv2d), "Kernel", [typeof(FloatScalar), typeof(InputGradientProduct), typeof(Identity)], 0 },
        { typeof(SharedTileConv2d), "Kernel", [typeof(FloatScalar), typeof(ForwardProduct), typeof(Relu)], 256 },
        { typeof(SharedTileConv2d), "Kernel", [typeof(DoubleScalar), typeof(WeightGradientProduct), typeof(Identity)], 256 },
        { typeof(RegisterTileConv2d), "Kernel", [typeof(FloatScalar), typeof(ForwardProduct), typeof(Kernels.Elementwise.Tanh)], 256 },
        { typeof(RegisterTileConv2d), "Kernel", [typeof(FloatScalar), typeof(InputGradientProduct), typeof(Identity)], 256 },
        { typeof(RegisterTileConv2d), "Kernel", [typeof(FloatScalar), typeof(WeightGradientProduct), typeof(Identity)], 256 },
        { typeof(AsyncTileConv2d), "Kernel", [typeof(ForwardProduct), typeof(Relu)], 256 },
        { typeof(AsyncTileConv2d), "Kernel", [typeof(InputGradientProduct), typeof(Identity)], 256 },
        { typeof(AsyncTileConv2d), "Kernel", [typeof(WeightGradientProduct), typeof(Identity)], 256 },
        { typeof(GpuUpdate), "UpdateKernel", [typeof(FloatScalar), typeof(AdamUpdate.Op)], 0 },
        { typeof(GpuUpdate), "ChunkKernel", [typeof(FloatScalar), typeof(AdamUpdate.Op)], 256 },
        { typeof(GpuMap), "FlatKernel", [typeof(FloatScalar), typeof(BinaryMap<Kernels.Elementwise.Add>)], 0 },
        { typeof(GpuMap), "FlatKernel", [typeof(DoubleScalar), typeof(UnaryMap<Kernels.Elementwise.Tanh>)], 0 },
        { typeof(GpuMap), "FourKernel", [typeof(FloatScalar), typeof(TernaryMap<Kernels.Losses.SquaredErrorGradient>)], 0 },
        { typeof(GpuMove), "FillKernel", [typeof(float)], 0 },
        { typeof(GpuMove), "ConvertKernel", [typeof(float), typeof(double), typeof(FloatToDouble)], 0 },
        { typeof(GpuMove), "ConvertKernel", [typeof(double), typeof(int), typeof(DoubleToInt)], 0 },
        { typeof(ChannelSums), "SumKernel", [typeof(FloatScalar), typeof(NormalizeFormula<FoldedNothing>)], 256 },
        { typeof(ChannelSums), "SumKernel", [typeof(FloatScalar), typeof(NormalizeGradientFormula<FoldedLeakyRelu>)], 256 },
        { typeof(GpuBatchNormalization), "FinishForwardKernel", [typeof(FloatScalar)], 256 },
        { typeof(GpuBatchNormalization), "FinishBackwardKernel", [typeof(FloatScalar)], 256 },
        { typeof(GpuBatchNormalization), "FourKernel", [typeof(FloatScalar), typeof(NormalizeGradientFormula<FoldedLeakyRelu>)], 0 },
        { typeof(GpuGroupNormalization), "ForwardKernel", [typeof(FloatScalar), typeof(FoldedSilu), typeof(OneGroup)], 256 },
        { typeof(GpuGroupNormalization), "ForwardKernel", [typeof(FloatScalar), typeof(FoldedNothing), typeof(OneWarp)], 256 },
        { typeof(GpuGroupNormalization), "BackwardKernel", [typeof(FloatScalar), typeof(FoldedSilu), typeof(OneGroup)], 256 },
        { typeof(GpuGroupNormalization), "BackwardKernel", [typeof(DoubleScalar), typeof(FoldedNothing), typeof(OneThread)], 256 },
        { typeof(GpuGroupNormalization), "PartKernel", [typeof(FloatScalar), typeof(FoldedSilu)], 256 },
        { typeof(GpuGroupNormalization), "FinishKernel", [typeof(FloatScalar)], 256 },
        { typeof(GpuActivationGradient), "PartKernel", [typeof(FloatScalar), typeof(Kernels.Elementwise.LeakyReluGradient)], 256 },
        { typeof(GpuSumOfSquares), "ChunkKernel", [typeof(float), typeof(FloatToDouble)], 256 },
        { typeof(GpuAffineCoupling), "InputKernel", [typeof(FloatScalar)], 0 },
        { typeof(GpuBatchNormalization), "PrepareKernel", [typeof(FloatScalar)], 0 },
        { typeof(GpuRandom), "Kernel", [typeof(RandomUniform.Operation), typeof(DoubleScalar)], 0 },
        { typeof(GpuRandom), "Kernel", [typeof(RandomBernoulli.Operation), typeof(FloatScalar)], 0 },
        { typeof(GpuRandom), "Kernel", [typeof(RandomDropout.Operation), typeof(FloatScalar)], 0 },
        { typeof(GpuRandomCategorical), "Kernel", [typeof(FloatScalar)], 256 },
        { typeof(GpuRandomCategorical), "Kernel", [typeof(DoubleScalar)], 256 },
        { typeof(GpuGateRows), "ForwardKernel", [typeof(TanhSigmoidGate.Unit), typeof(FloatScalar)], 0 },
        { typeof(GpuGateRows), "BackwardKernel", [typeof(TanhSigmoidGate.Unit), typeof(FloatScalar)], 0 },
        { typeof(GpuGateRows), "ForwardKernel", [typeof(GatedLinearUnit.Unit), typeof(FloatScalar)], 0 },
        { typeof(GpuGateRows), "BackwardKernel", [typeof(GatedLinearUnit.Unit), typeof(FloatScalar)], 0 },
        { typeof(GpuConcatElu), "Kernel", [typeof(FloatScalar)], 0 },
        { typeof(GpuLstmCell), "ForwardKernel", [typeof(FloatScalar)], 0 },
        { typeof(GpuLstmCell), "BackwardKernel", [typeof(FloatScalar)], 0 },
        { typeof(GpuGruCell), "ForwardKernel", [typeof(FloatScalar)], 0 },
        { typeof(GpuGruCell), "BackwardKernel", [typeof(FloatScalar)], 0 },
        { typeof(AttentionForward), "ForwardKernel", [typeof(FloatScalar)], 256 },
        { typeof(AttentionForward), "ForwardKernel", [typeof(DoubleScalar)], 256 },
        { typeof(AttentionBackward), "RowSumKernel", [typeof(FloatScalar)], 256 },
        { typeof(AttentionBackward), "QueryKernel", [typeof(FloatScalar)], 256 },
        { typeof(AttentionBackward), "QueryKernel", [typeof(DoubleScalar)], 256 },
        { typeof(AttentionBackward), "KeyKernel", [typeof(FloatScalar)], 256 },
        { typeof(AttentionBackward), "KeyKernel", [typeof(DoubleScalar)], 256 },
        { typeof(GpuAffineCoupling), "ParameterKernel", [typeof(FloatScalar)], 0 },
        { typeof(GpuSpline), "ForwardKernel", [typeof(FloatScalar)], 0 },
        { typeof(GpuSpline), "BackwardKernel", [typeof(FloatScalar)], 0 },
        { typeof(GpuSpline), "BackwardKernel", [typeof(DoubleScalar)], 0 },
        { typeof(GpuTriangularSolve), "SolveKernel", [typeof(FloatScalar)], 0 },
    };

    /// <summary>The elementwise operations, as the kernels get them: those without type parameters of their own.</summary>
    public static TheoryData<Type> Operations =>
        [.. typeof(Map).Assembly.GetTypes().Where(type => type.IsValueType && !type.ContainsGenericParameters && AsMap(type) is not null)];

    [Theory, MemberData(nameof(Kernels))]
    public void Kernels_compile_keep_to_registers_and_compute_with_exact_instructions(Type type, string name, Type[] arguments, int group)
    {
        foreach (CudaArchitecture architecture in (CudaArchitecture[])[CudaArchitecture.SM_80, CudaArchitecture.SM_90])
        {
            string ptx = Ptx(type, name, arguments, group, architecture);
            Assert.DoesNotContain(".local", ptx, StringComparison.Ordinal);
            Assert.DoesNotContain(".extern", ptx, StringComparison.Ordinal);
            Assert.DoesNotContain("approx", ptx, StringComparison.Ordinal);

            // A branch on a condition that ILGPU takes for the same in all threads: it is not always.
            Assert.DoesNotMatch(@"@!?%p\d+\s+bra\.uni", ptx);
            if (arguments.Contains(typeof(FloatScalar))) Assert.DoesNotMatch(@"\b(add|sub|mul|fma|div|sqrt)\S*\.f64", ptx);
        }
    }

    [Fact]
    public void The_table_has_every_kernel()
    {
        HashSet<(Type, string)> compiled = [.. ((IEnumerable<object[]>)Kernels).Select(row => ((Type)row[0], (string)row[1]))];
        string[] missing = [.. typeof(Map).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(method => IsKernel(method) && !compiled.Contains((method.DeclaringType!, method.Name)))
            .Select(method => $"{method.DeclaringType!.Name}.{method.Name}")];
        Assert.True(missing.Length == 0, $"no row of the table compiles {string.Join(", ", missing)}");
    }

    /// <summary>A kernel returns nothing, reads and writes views, and is named so or takes the index of its thread.</summary>
    internal static bool IsKernel(MethodInfo method)
    {
        ParameterInfo[] parameters = method.GetParameters();
        return method.ReturnType == typeof(void)
            && parameters.Any(parameter => parameter.ParameterType.IsGenericType
                && parameter.ParameterType.GetGenericTypeDefinition() == typeof(ArrayView<>))
            && (method.Name.EndsWith("Kernel", StringComparison.Ordinal) || typeof(IIndex).IsAssignableFrom(parameters[0].ParameterType));
    }

    [Theory, MemberData(nameof(Operations))]
    public void Elementwise_operations_compile_keep_to_registers_and_compute_with_exact_instructions(Type operation)
    {
        if (typeof(IUpdateOp).IsAssignableFrom(operation))
            Kernels_compile_keep_to_registers_and_compute_with_exact_instructions(
                typeof(GpuUpdate), "ChunkKernel", [typeof(FloatScalar), operation], 256);
        else if (typeof(IRowTerm).IsAssignableFrom(operation))
            Kernels_compile_keep_to_registers_and_compute_with_exact_instructions(
                typeof(GpuRowSum), "RowKernel", [typeof(FloatScalar), operation, typeof(OneWarp)], 256);
        else
            Kernels_compile_keep_to_registers_and_compute_with_exact_instructions(
                typeof(GpuMap), "FlatKernel", [typeof(FloatScalar), AsMap(operation)!], 0);
    }

    /// <summary>The operation as a kernel takes it; null for what is none.</summary>
    internal static Type? AsMap(Type operation) =>
        typeof(IUnaryOp).IsAssignableFrom(operation) ? typeof(UnaryMap<>).MakeGenericType(operation)
        : typeof(IBinaryOp).IsAssignableFrom(operation) ? typeof(BinaryMap<>).MakeGenericType(operation)
        : typeof(ITernaryOp).IsAssignableFrom(operation) ? typeof(TernaryMap<>).MakeGenericType(operation)
        : typeof(IQuaternaryOp).IsAssignableFrom(operation) ? typeof(QuaternaryMap<>).MakeGenericType(operation)
        : typeof(IUpdateOp).IsAssignableFrom(operation) || typeof(IRowTerm).IsAssignableFrom(operation) ? operation
        : null;

    [Fact]
    public void The_register_tile_moves_sixteen_bytes_at_a_time_and_multiplies_64_times_for_four_reads()
    {
        string ptx = Ptx(typeof(RegisterTileMatMul), "Kernel", [typeof(FloatScalar), typeof(Identity)], RegisterTileMatMul.Threads,
            CudaArchitecture.SM_90);
        Assert.Contains("ld.global.v4.f32", ptx, StringComparison.Ordinal);
        Assert.Contains("st.global.v4.f32", ptx, StringComparison.Ordinal);
        Assert.Contains("st.shared.v4.f32", ptx, StringComparison.Ordinal);
        Assert.Equal(4, Regex.Count(ptx, @"ld\.shared\.v4\.f32"));

        // The loop over a step's depth is the piece between two labels that reads shared memory.
        string loop = Assert.Single(
            Regex.Split(ptx, @"^\s*L_\d+:", RegexOptions.Multiline), piece => piece.Contains("ld.shared", StringComparison.Ordinal));
        Assert.Equal(64, Regex.Count(loop, @"\bmul\.f32"));
        Assert.Equal(64, Regex.Count(loop, @"\badd\.f32"));
        Assert.DoesNotContain("ld.global", loop, StringComparison.Ordinal);
    }

    [Fact]
    public void Elementwise_kernels_move_sixteen_bytes_at_a_time_and_do_not_divide()
    {
        string flat = Ptx(typeof(GpuMap), "FlatKernel", [typeof(FloatScalar), typeof(BinaryMap<Kernels.Elementwise.Add>)], 0,
            CudaArchitecture.SM_90);
        Assert.Equal(2, Regex.Count(flat, @"ld\.global\.v4\.f32"));
        Assert.Equal(1, Regex.Count(flat, @"st\.global\.v4\.f32"));
        Assert.Equal(4, Regex.Count(flat, @"\badd\.f32"));
        Assert.DoesNotMatch(@"\b(div|rem)\.", flat);

        string broadcast = Ptx(typeof(GpuMap), "FourKernel", [typeof(FloatScalar), typeof(BinaryMap<Kernels.Elementwise.Add>)], 0,
            CudaArchitecture.SM_90);
        Assert.Equal(2, Regex.Count(broadcast, @"ld\.global\.v4\.f32"));
        Assert.Equal(1, Regex.Count(broadcast, @"\bdiv\."));
        Assert.DoesNotMatch(@"\brem\.|\.s64.*div|div\.[su]64", broadcast);
    }

    [Fact]
    public void Rows_are_added_up_in_wide_loads_and_by_shuffles()
    {
        string warp = Ptx(typeof(GpuReduce), "RowKernel", [typeof(FloatScalar), typeof(SumReduction), typeof(OneWarp)], 256,
            CudaArchitecture.SM_90);
        Assert.Equal(2, Regex.Count(warp, @"ld\.global\.v4\.f32"));
        Assert.Contains("shfl.sync.bfly", warp, StringComparison.Ordinal);
        Assert.DoesNotContain("bar.sync", warp, StringComparison.Ordinal);
        Assert.DoesNotContain(".shared", warp, StringComparison.Ordinal);

        string group = Ptx(typeof(GpuSoftmax), "RowKernel", [typeof(FloatScalar), typeof(SoftmaxFormula), typeof(OneGroup)], 256,
            CudaArchitecture.SM_90);
        Assert.Equal(2, Regex.Count(group, @"bar\.sync|barrier\.sync"));
        Assert.Equal(3, Regex.Count(group, @"ld\.global\.v4\.f32"));

        string columns = Ptx(typeof(GpuReduce), "ColumnKernel", [typeof(FloatScalar), typeof(SumReduction)], 256, CudaArchitecture.SM_90);
        Assert.Equal(1, Regex.Count(columns, @"bar\.sync|barrier\.sync"));
        Assert.True(Regex.Count(columns, @"ld\.global\.v4\.f32") >= 5);
    }

    [Fact]
    public void Attention_multiplies_sixteen_times_for_two_reads_of_sixteen_bytes()
    {
        string ptx = Ptx(typeof(AttentionForward), "ForwardKernel", [typeof(FloatScalar)], 256, CudaArchitecture.SM_90);
        string[] loops = [.. Regex.Split(ptx, @"^\s*L_\d+:", RegexOptions.Multiline)
            .Where(piece => Regex.Count(piece, @"ld\.shared\.v4\.f32") > 0)];
        Assert.Contains(loops, loop => Regex.Count(loop, @"ld\.shared\.v4\.f32") == 2 && Regex.Count(loop, @"\bmul\.f32") == 16);
        Assert.Contains(loops, loop => Regex.Count(loop, @"ld\.shared\.v4\.f32") == 1 && Regex.Count(loop, @"\bmul\.f32") == 8);
        Assert.True(Regex.Count(ptx, @"ld\.global\.v4\.f32") >= 3);
    }

    /// <summary>The PTX of a kernel. It is compiled once in a process, and functions that several kernels call are read once.</summary>
    internal static string Ptx(Type type, string name, Type[] arguments, int group, CudaArchitecture architecture) =>
        Ptx(type.GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(arguments), group, architecture);

    /// <inheritdoc cref="Ptx(Type, string, Type[], int, CudaArchitecture)"/>
    internal static string Ptx(MethodInfo kernel, int group, CudaArchitecture architecture) =>
        s_compiler.Value.Compile(kernel, group, architecture);

    private static readonly Lazy<Compiler> s_compiler = new(() => new Compiler());

    /// <summary>A context for each kernel: what a context has compiled before changes the text of what comes after.</summary>
    private sealed class Compiler
    {
        private readonly Dictionary<(MethodInfo, int, CudaArchitecture), string> _compiled = [];

        internal string Compile(MethodInfo method, int group, CudaArchitecture architecture)
        {
            lock (_compiled)
            {
                if (_compiled.TryGetValue((method, group, architecture), out string? text)) return text;
                using Context context = Context.Create(builder => GpuRuntime.Optimized(builder.CPU()));
                using PTXBackend backend = new(context, architecture, CudaInstructionSet.ISA_78, null!);
                GpuRuntime.ForgetUniformBranches(context);
                PTXCompiledKernel kernel = group == 0
                    ? (PTXCompiledKernel)backend.Compile(
                        EntryPointDescription.FromImplicitlyGroupedKernel(method), KernelSpecialization.Empty)
                    : (PTXCompiledKernel)backend.Compile(
                        EntryPointDescription.FromExplicitlyGroupedKernel(method), new KernelSpecialization(group, 1));
                return _compiled[(method, group, architecture)] = kernel.PTXAssembly;
            }
        }
    }
}
