using System.Globalization;
using nietras.SeparatedValues;

namespace Engine.Models.Data;

/// <summary>Rows of numbers held in memory as floats, [Count, Columns], with or without a label each: an array, or a CSV file.</summary>
public sealed class TableDataset
{
    private readonly float[] _values;
    private readonly int[]? _labels;

    /// <summary>A data set over arrays that the caller hands over (they are not copied).</summary>
    /// <param name="name">The name of the data set in messages.</param>
    /// <param name="columns">Numbers of a row, at least 1; for examples of any shape the product of its extents.</param>
    /// <param name="values">All rows one after the other.</param>
    /// <param name="labels">One label a row in [0, classes), or null when the rows carry none.</param>
    /// <param name="classes">Number of classes; 0 when there are no labels.</param>
    /// <exception cref="DataException">A length or a label does not fit, or a value is NaN or infinite.</exception>
    public TableDataset(string name, int columns, float[] values, int[]? labels = null, int classes = 0)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(values);
        if (columns < 1) throw new DataException($"{name}: expected rows of at least 1 number, found {columns}.");
        if (values.Length == 0 || values.Length % columns != 0) throw new DataException(
            $"{name}: expected a whole number of rows of {columns} numbers, at least one, found {values.Length} numbers.");
        (Name, Columns, Count, Classes) = (name, columns, values.Length / columns, labels is null ? 0 : classes);
        (_values, _labels) = (values, labels);
        ColumnNames = [.. Enumerable.Range(1, columns).Select(i => $"column {i}")];
        if (Array.FindIndex(values, value => !float.IsFinite(value)) is var at and >= 0) throw new DataException(
            $"{name}: expected finite numbers, found {values[at].ToString(CultureInfo.InvariantCulture)} in row "
            + $"{(at / columns) + 1}, column {(at % columns) + 1}.");
        if (labels is null) return;
        if (labels.Length != Count) throw new DataException(
            $"{name}: expected a label for each of {Count} rows, found {labels.Length} labels.");
        if (Array.FindIndex(labels, label => (uint)label >= (uint)classes) is var wrong and >= 0) throw new DataException(
            $"{name}: expected labels from 0 to {classes - 1}, found {labels[wrong]} for row {wrong + 1}.");
    }

    /// <summary>The name of the data set in messages.</summary>
    public string Name { get; }

    /// <summary>Number of rows.</summary>
    public int Count { get; }

    /// <summary>Numbers of a row.</summary>
    public int Columns { get; }

    /// <summary>The names of the columns, from the first line of a file that has one.</summary>
    public IReadOnlyList<string> ColumnNames { get; private init; }

    /// <summary>Number of classes the labels come from; 0 when the rows carry no labels.</summary>
    public int Classes { get; }

    /// <summary>The names of the classes, as a file has them; empty for labels from an array.</summary>
    public IReadOnlyList<string> ClassNames { get; private init; } = [];

    /// <summary>Whether the rows carry labels.</summary>
    public bool IsLabelled => _labels is not null;

    /// <summary>All numbers, [Count, Columns].</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>All labels, [Count]; empty when the rows carry none.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>
    /// Reads a CSV file of numbers, with commas, semicolons or tabs between, a point in decimals, and names of columns in its first line
    /// unless that is of numbers too.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="labelColumn">The name of the column that says the class, by any words; null for none.</param>
    /// <exception cref="DataException">The file is missing, has no such column, or something else than a number in another one: the message
    /// says in which line.</exception>
    public static TableDataset FromCsv(string path, string? labelColumn = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        try
        {
            string first = File.ReadLines(path).FirstOrDefault()
                ?? throw new DataException($"{path}: expected rows of numbers, found none.");
            bool hasHeader = !first.Split(',', ';', '\t').All(text => IsNumber(text.Trim().Trim('"'), out _));
            if (!hasHeader && labelColumn is not null) throw new DataException(
                $"{path}: expected the names of columns in the first line, because a column '{labelColumn}' is asked for, found numbers.");
            using SepReader reader = Sep.Reader(
                o => o with { HasHeader = hasHeader, Unescape = true, Trim = SepTrim.Outer }).FromFile(path);
            string[] names = hasHeader ? [.. reader.Header.ColNames] : [];
            int label = labelColumn is null ? -1 : Array.IndexOf(names, labelColumn);
            if (labelColumn is not null && label < 0) throw new DataException(
                $"{path}: expected a column '{labelColumn}', found {string.Join(", ", names)}.");
            List<float> values = [];
            List<string> classes = [];
            int columns = 0;
            foreach (SepReader.Row row in reader)
            {
                columns = row.ColCount;
                for (int c = 0; c < row.ColCount; c++)
                {
                    if (c == label) classes.Add(row[c].ToString());
                    else if (IsNumber(row[c].Span, out float value)) values.Add(value);
                    else throw new DataException(
                        $"{path}: expected a number in line {row.LineNumberFrom}, "
                        + $"{(hasHeader ? $"column '{names[c]}'" : $"column {c + 1}")}, found '{row[c].ToString()}'.");
                }
            }

            string[] all = [.. classes.Distinct().Order(StringComparer.Ordinal)];
            if (all.All(text => IsNumber(text, out _)))
                all = [.. all.OrderBy(text => double.Parse(text, CultureInfo.InvariantCulture))];
            return new TableDataset(
                Path.GetFileName(path), columns - (label < 0 ? 0 : 1), [.. values],
                label < 0 ? null : [.. classes.Select(text => Array.IndexOf(all, text))], all.Length)
            {
                ClassNames = all,
                ColumnNames = [.. Enumerable.Range(0, columns).Where(c => c != label).Select(
                    c => hasHeader ? names[c] : $"column {c + 1}")],
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new DataException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The numbers of one row, [Columns].</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ReadOnlySpan<float> Row(int index)
    {
        CheckIndex(index);
        return _values.AsSpan(index * Columns, Columns);
    }

    /// <summary>The label of one row, or -1 when the rows carry none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public int Label(int index)
    {
        CheckIndex(index);
        return _labels is null ? -1 : _labels[index];
    }

    /// <summary>
    /// The same rows with each column's mean moved to 0 and its standard deviation to 1, as networks learn best from them; a column of one
    /// value becomes 0.
    /// </summary>
    /// <returns>The rows, and what to undo it with: value * deviation + mean.</returns>
    public (TableDataset Data, float[] Means, float[] Deviations) Standardized()
    {
        float[] means = new float[Columns], deviations = new float[Columns], values = new float[_values.Length];
        for (int c = 0; c < Columns; c++)
        {
            double sum = 0, squares = 0;
            for (int at = c; at < _values.Length; at += Columns) sum += _values[at];
            double mean = sum / Count;
            for (int at = c; at < _values.Length; at += Columns) squares += (_values[at] - mean) * (_values[at] - mean);
            double deviation = Math.Sqrt(squares / Count);
            (means[c], deviations[c]) = ((float)mean, (float)deviation);
            for (int at = c; at < _values.Length; at += Columns)
                values[at] = deviation > 0 ? (float)((_values[at] - mean) / deviation) : 0;
        }

        return (new TableDataset(Name, Columns, values, _labels, Classes) { ColumnNames = ColumnNames, ClassNames = ClassNames }, means,
            deviations);
    }

    private static bool IsNumber(ReadOnlySpan<char> text, out float value) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    private void CheckIndex(int index)
    {
        if ((uint)index >= (uint)Count)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"{Name} has {Count} rows: there is no row {index}.");
    }
}
