using System.Globalization;
using System.Reflection;
using Xunit.Sdk;

namespace Engine.Tests;

/// <summary>The values that a theory of one parameter is run with.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ValuesAttribute(params object?[] values) : DataAttribute
{
    public override IEnumerable<object?[]> GetData(MethodInfo testMethod) => values.Select(value => new[] { value });
}

/// <summary>A table for a theory whose parameters are numbers or truth values: "1 2, 3 4" runs it twice.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RowsAttribute(string rows) : DataAttribute
{
    public override IEnumerable<object?[]> GetData(MethodInfo testMethod)
    {
        ParameterInfo[] parameters = testMethod.GetParameters();
        foreach (string row in rows.Split(','))
        {
            string[] values = row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (values.Length != parameters.Length)
                throw new ArgumentException($"{testMethod.Name} needs rows of {parameters.Length} values, found '{row.Trim()}'.");
            yield return [.. values.Zip(parameters,
                (value, parameter) => Convert.ChangeType(value, parameter.ParameterType, CultureInfo.InvariantCulture))];
        }
    }
}
