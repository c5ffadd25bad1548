using System.Reflection;
using System.Runtime.CompilerServices;
using Engine.Bench.Sass;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Tests.Gpu;

/// <summary>What ILGPU asks of the engine and a simulator does not show.</summary>
public sealed class RuntimeContractTests
{
    /// <summary>Kernels of the engine, and every type that one takes: as an argument, or in place of a type parameter.</summary>
    public static TheoryData<Type> KernelTypes
    {
        get
        {
            Type[] all = typeof(Map).Assembly.GetTypes();
            MethodInfo[] kernels = [.. KernelCatalog.Methods];
            HashSet<Type> types = [.. kernels.Select(kernel => kernel.DeclaringType!),
                .. kernels.SelectMany(kernel => kernel.GetParameters()).SelectMany(parameter => Named(parameter.ParameterType))];
            foreach (Type parameter in kernels.SelectMany(kernel => kernel.IsGenericMethod ? kernel.GetGenericArguments() : []))
            {
                // Constraints may name the type parameter itself: their definitions decide.
                Type[] constraints = [.. parameter.GetGenericParameterConstraints().Where(type => type.IsInterface).Select(Definition)];
                if (constraints.Length == 0) continue;
                types.UnionWith(all.Where(type => type.IsValueType
                    && constraints.All(constraint => type.GetInterfaces().Any(own => Definition(own) == constraint))));
            }

            // What a functor wraps is compiled with it: UnaryMap<TOp> takes all that are IUnaryOp.
            Type[] wrappers = [.. types.Where(type => type.IsGenericTypeDefinition)];
            foreach (Type parameter in wrappers.SelectMany(type => type.GetGenericArguments()))
                foreach (Type constraint in parameter.GetGenericParameterConstraints().Where(type => type.IsInterface).Select(Definition))
                    types.UnionWith(all.Where(type => type.IsValueType && type.GetInterfaces().Any(own => Definition(own) == constraint)));
            return [.. types.Where(type => type.Assembly == typeof(Map).Assembly).OrderBy(type => type.FullName, StringComparer.Ordinal)];
        }
    }

    [Theory, MemberData(nameof(KernelTypes))]
    public void A_type_that_a_kernel_takes_is_visible_to_what_ILGPU_compiles(Type type) =>
        Assert.True(IsVisible(type), $"{type} is private");

    [Fact]
    public void A_type_that_is_private_anywhere_around_is_not_visible()
    {
        Assert.Contains(
            Context.RuntimeAssemblyName,
            typeof(Map).Assembly.GetCustomAttributes<InternalsVisibleToAttribute>().Select(attribute => attribute.AssemblyName));
        Assert.True(IsVisible(typeof(Inner)) && IsVisible(typeof(Outer<Inner>)));
        Assert.False(IsVisible(typeof(Hidden)) || IsVisible(typeof(Hidden.Within)) || IsVisible(typeof(Outer<Hidden>)));
        int found = ((IEnumerable<object[]>)KernelTypes).Count();
        Assert.True(found > 100, $"only {found} types were found");
    }

    [Fact]
    public void An_upload_copies_and_does_not_wait_for_the_stream()
    {
        MethodInfo upload = typeof(GpuStorage).GetMethod("Upload", BindingFlags.Instance | BindingFlags.NonPublic)!;
        string[] reached = Reached(upload);
        Assert.Contains($"{nameof(ArrayViewExtensions)}.{nameof(ArrayViewExtensions.CopyFromCPUUnsafeAsync)}", reached);
        Assert.DoesNotContain($"{nameof(ArrayViewExtensions)}.{nameof(ArrayViewExtensions.CopyFromCPU)}", reached);
        Assert.DoesNotContain($"{nameof(AcceleratorStream)}.{nameof(AcceleratorStream.Synchronize)}", reached);
        Assert.DoesNotContain($"{nameof(Accelerator)}.{nameof(Accelerator.Synchronize)}", reached);
    }

    [Fact]
    public void A_copy_of_ILGPU_s_that_waits_is_found() => Assert.Contains(
        $"{nameof(ArrayViewExtensions)}.{nameof(ArrayViewExtensions.CopyFromCPU)}",
        Reached(typeof(RuntimeContractTests).GetMethod(nameof(Drain), BindingFlags.Static | BindingFlags.NonPublic)!));

    private static void Drain(ArrayView<byte> target, AcceleratorStream stream, byte[] source) =>
        target.CopyFromCPU(stream, source);

    /// <summary>
    /// The methods that the engine's devices call from one on, but for the waits that the engine counts
    /// (<see cref="DeviceActivity.Waits"/>): of those another test knows how many there are.
    /// </summary>
    private static string[] Reached(MethodInfo from) => [.. CalledMethods.From(
        from,
        method => method.DeclaringType is { } type && method.Name != nameof(GpuDevice.Failed)
            && !(type == typeof(GpuDevice) && method.Name == nameof(GpuDevice.Synchronize))
            && type.Namespace == typeof(GpuDevice).Namespace)
        .Where(method => method.DeclaringType != typeof(GpuDevice)).Select(method => $"{method.DeclaringType?.Name}.{method.Name}")];

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    /// <summary>The types that one names: itself without its arguments, and these.</summary>
    private static IEnumerable<Type> Named(Type type) => type.IsGenericParameter ? []
        : type.IsGenericType ? [type.GetGenericTypeDefinition(), .. type.GetGenericArguments().SelectMany(Named)] : [type];

    /// <summary>Whether code in another assembly that sees the internals of its own may name a type.</summary>
    private static bool IsVisible(Type type) => type.IsGenericParameter
        || ((type.IsPublic || type.IsNotPublic || type.IsNestedPublic || type.IsNestedAssembly || type.IsNestedFamORAssem)
            && (type.DeclaringType is not { } outer || IsVisible(outer)) && type.GetGenericArguments().All(IsVisible));

    internal readonly struct Inner;

    internal readonly struct Outer<T>
    {
        private readonly T _inner;

        internal Outer(T inner) => _inner = inner;

        public override string ToString() => $"{_inner}";
    }

    private readonly struct Hidden
    {
        internal readonly struct Within;
    }
}
