using System.Numerics;
using System.Reflection;
using Engine.Kernels.Conv.Gpu;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Likelihoods;
using Engine.Kernels.Losses;
using Engine.Kernels.Mapping;
using Engine.Kernels.Movement;
using Engine.Kernels.Norms;
using Engine.Kernels.Optimizers;
using Engine.Kernels.Reductions;
using Engine.Kernels.Reductions.Gpu;
using Engine.Kernels.Rows;
using ILGPU;
using Relu = Engine.Kernels.Elementwise.Relu;
using Tanh = Engine.Kernels.Elementwise.Tanh;

namespace Engine.Bench.Sass;

/// <summary>
/// Every GPU kernel of the engine, found by reflection, with type arguments that cover what it is launched with: each choice for each type
/// parameter occurs at least once in float32.
/// </summary>
internal static class KernelCatalog
{
    private static readonly Assembly s_assembly = typeof(Map).Assembly;

    /// <summary>
    /// Type arguments by the interface that constrains the parameter, for interfaces with too many implementations to take all. For any
    /// other interface all of its implementations are taken.
    /// </summary>
    private static readonly Dictionary<Type, Type[]> s_arguments = new()
    {
        [typeof(IUnaryOp)] = [typeof(Identity), typeof(Relu), typeof(Tanh)],
        [typeof(IBinaryOp)] = [typeof(LeakyReluGradient)],
        [typeof(IMapOp)] =
            [typeof(BinaryMap<Add>), typeof(UnaryMap<Erf>), typeof(BinaryMap<GeluTanhGradient>),
            typeof(TernaryMap<SquaredErrorGradient>), typeof(QuaternaryMap<DiscretizedLogisticScaleGradient>)],
        [typeof(IUpdateOp)] = [typeof(AdamUpdate.Op)],
        [typeof(IRowTerm)] =
            [typeof(MapTerm<QuaternaryMap<DivergenceOfGaussians>>), typeof(MapTerm<TernaryMap<DiscretizedLogistic>>),
            typeof(BernoulliLogLikelihood.RowTerm), typeof(MapTerm<TernaryMap<GaussianLogLikelihood>>)],
        [typeof(IChannelFormula)] = [
            typeof(NormalizeFormula<FoldedNothing>), typeof(ScaledGradientFormula<FoldedLeakyRelu>),
            typeof(GivenStatisticsGradientFormula<FoldedLeakyRelu>)],
        [typeof(ILane<>)] = [typeof(FloatScalar), typeof(DoubleScalar)],
        [typeof(INumber<>)] = [typeof(float), typeof(double)],
        [typeof(IAdditionOperators<,,>)] = [typeof(float), typeof(double)],
    };

    /// <summary>Elements that are only moved.</summary>
    private static readonly Type[] s_elements = [typeof(uint), typeof(ulong)];

    /// <summary>The kernel methods, as they are declared.</summary>
    internal static IEnumerable<MethodInfo> Methods =>
        s_assembly.GetTypes()
            .SelectMany(type => type.GetMethods(
                BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(IsKernel).OrderBy(method => method.DeclaringType!.FullName, StringComparer.Ordinal)
            .ThenBy(method => method.Name, StringComparer.Ordinal);

    /// <summary>The kernels with their type arguments.</summary>
    internal static IEnumerable<CatalogKernel> Kernels => Methods.SelectMany(Closed);

    /// <summary>The elementwise operations, updates and terms of sums, each in the kernel that runs it most.</summary>
    internal static IEnumerable<CatalogKernel> Operations =>
        Operators.Select(InKernel).OfType<CatalogKernel>();

    /// <summary>The operations of one to four arguments that are applied to each element, wherever they are declared.</summary>
    internal static IEnumerable<Type> ElementwiseOperations => Operators.Where(type => AsMap(type) is not null);

    private static IEnumerable<Type> Operators =>
        s_assembly.GetTypes().Where(type => type.IsValueType && !type.ContainsGenericParameters)
            .OrderBy(type => type.FullName, StringComparer.Ordinal);

    /// <summary>The kernel of a name in a class, with type arguments.</summary>
    internal static CatalogKernel Find(Type type, string name, params ReadOnlySpan<Type> arguments)
    {
        MethodInfo method = type.GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)!;
        return new(arguments.IsEmpty ? method : method.MakeGenericMethod([.. arguments]));
    }

    /// <summary>A kernel returns nothing, is named so or takes the index of its thread, and reads and writes views.</summary>
    private static bool IsKernel(MethodInfo method)
    {
        ParameterInfo[] parameters = method.GetParameters();
        return method.ReturnType == typeof(void) && parameters.Length > 0
            && (method.Name.EndsWith("Kernel", StringComparison.Ordinal) || CatalogKernel.IsIndex(parameters[0]))
            && TakesViews(method);
    }

    /// <summary>Whether a parameter is a view or has one, as only kernels and their parts have.</summary>
    internal static bool TakesViews(MethodInfo method) => method.GetParameters().Any(parameter => HoldsView(parameter.ParameterType));

    private static bool HoldsView(Type type) =>
        type is { IsValueType: true, IsPrimitive: false, IsGenericParameter: false }
        && ((type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ArrayView<>))
            || (type.Assembly == s_assembly
                && type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)
                    .Any(field => HoldsView(field.FieldType))));

    /// <summary>
    /// A kernel with type arguments: the n-th choice of each parameter together, in float32 round and round until all come out even, in
    /// float64 the first two.
    /// </summary>
    private static IEnumerable<CatalogKernel> Closed(MethodInfo method)
    {
        if (!method.IsGenericMethodDefinition) return [new CatalogKernel(method)];
        Type[] parameters = method.GetGenericArguments();
        if (parameters.Select(ConversionOf).FirstOrDefault(type => type is not null) is { } conversion)
            return Conversions(method, parameters, conversion);

        Type[][] choices = [.. parameters.Select(Choices)];
        int lane = Array.FindIndex(choices, choice => choice[0] == typeof(FloatScalar));
        int[] others = [.. choices.Where((_, i) => i != lane).Select(choice => choice.Length)];
        return
            from number in Enumerable.Range(0, lane < 0 ? 1 : choices[lane].Length)
            from row in Enumerable.Range(0, number == 0 ? others.Aggregate(1, Multiple) : Math.Min(2, others.DefaultIfEmpty(1).Max()))
            select new CatalogKernel(method.MakeGenericMethod(
                [.. choices.Select((choice, i) => choice[(i == lane ? number : row) % choice.Length])]));
    }

    /// <summary>The least common multiple.</summary>
    private static int Multiple(int a, int b) => a / (int)BigInteger.GreatestCommonDivisor(a, b) * b;

    /// <summary>What a type parameter may be.</summary>
    private static Type[] Choices(Type parameter)
    {
        foreach (Type constraint in parameter.GetGenericParameterConstraints().Where(type => type.IsInterface))
        {
            Type open = constraint.IsGenericType ? constraint.GetGenericTypeDefinition() : constraint;
            if (s_arguments.TryGetValue(open, out Type[]? listed)) return listed;
            if (constraint.GetInterfaces().Any(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ILane<>)))
                return s_arguments[typeof(ILane<>)];
            Type[] all = Implementations(open);
            if (all.Length > 0) return all;
        }

        return s_elements;
    }

    /// <summary>The structs that implement an interface.</summary>
    private static Type[] Implementations(Type open) =>
        [.. s_assembly.GetTypes()
            .Where(type => type.IsValueType && !type.ContainsGenericParameters && type.GetInterfaces()
                .Any(face => (face.IsGenericType ? face.GetGenericTypeDefinition() : face) == open))
            .OrderBy(type => type.FullName, StringComparer.Ordinal)];

    /// <summary>A kernel that converts elements, with each conversion that fits its element types.</summary>
    private static IEnumerable<CatalogKernel> Conversions(MethodInfo method, Type[] parameters, Type constraint) =>
        from conversion in Implementations(typeof(IConversion<,>))
        let types = conversion.GetInterfaces().First(face => face.IsGenericType).GetGenericArguments()
        let pattern = constraint.GetGenericArguments()
        where pattern.Zip(types).All(pair => pair.First.IsGenericParameter || pair.First == pair.Second)
        select new CatalogKernel(method.MakeGenericMethod(
            [.. parameters.Select(parameter =>
                Array.IndexOf(pattern, parameter) is >= 0 and int place ? types[place] : conversion)]));

    private static Type? ConversionOf(Type parameter) => parameter.GetGenericParameterConstraints()
        .FirstOrDefault(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IConversion<,>));

    /// <summary>An operation in the kernel that runs it; null for what is none.</summary>
    private static CatalogKernel? InKernel(Type operation)
    {
        Type number = typeof(FloatScalar);
        if (typeof(IUpdateOp).IsAssignableFrom(operation)) return Of("ChunkKernel", number, operation);
        if (typeof(IRowTerm).IsAssignableFrom(operation)) return Of("RowKernel", number, operation, typeof(OneWarp));
        return AsMap(operation) is { } map ? Of("FlatKernel", number, map) : null;

        // The first kernel of the name that takes such an operation.
        static CatalogKernel? Of(string name, params Type[] arguments)
        {
            foreach (MethodInfo method in Methods)
            {
                if (method.Name != name || method.GetGenericArguments().Length != arguments.Length) continue;
                try
                {
                    return new CatalogKernel(method.MakeGenericMethod(arguments));
                }
                catch (ArgumentException)
                {
                    // Its constraints ask for another kind of operation.
                }
            }

            return null;
        }
    }

    /// <summary>The operation as a kernel takes it; null for what is none.</summary>
    internal static Type? AsMap(Type operation) =>
        typeof(IUnaryOp).IsAssignableFrom(operation) ? typeof(UnaryMap<>).MakeGenericType(operation)
        : typeof(IBinaryOp).IsAssignableFrom(operation) ? typeof(BinaryMap<>).MakeGenericType(operation)
        : typeof(ITernaryOp).IsAssignableFrom(operation) ? typeof(TernaryMap<>).MakeGenericType(operation)
        : typeof(IQuaternaryOp).IsAssignableFrom(operation) ? typeof(QuaternaryMap<>).MakeGenericType(operation)
        : null;
}
