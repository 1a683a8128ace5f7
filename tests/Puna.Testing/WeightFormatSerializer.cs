using System.Diagnostics.CodeAnalysis;
using Puna.Kernels.Formats;
using Xunit.Sdk;

namespace Puna.Testing;

/// <summary>Lets theories have a format of the table as an argument: it travels by its id.</summary>
public sealed class WeightFormatSerializer : IXunitSerializer
{
    /// <inheritdoc/>
    public object Deserialize(Type type, string serializedValue) =>
        WeightFormats.Find(serializedValue)!;

    /// <inheritdoc/>
    public string Serialize(object value) => ((WeightFormat)value).Id;

    /// <inheritdoc/>
    public bool IsSerializable(
        Type type,
        object? value,
        [NotNullWhen(false)] out string? failureReason
    )
    {
        failureReason = value is null or WeightFormat
            ? null
            : "only a format of the table has an id";
        return failureReason is null;
    }
}
