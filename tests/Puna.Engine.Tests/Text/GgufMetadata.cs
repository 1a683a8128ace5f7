using Puna.Engine.Files.Gguf;

namespace Puna.Engine.Tests.Text;

/// <summary>Metadata from a dictionary, for tests of what no good file has.</summary>
internal sealed class GgufMetadata(Dictionary<string, object> values) : ITokenizerMetadata
{
    public string Path => "test.gguf";

    public string? Text(string key) => (string?)values.GetValueOrDefault(key);

    public long? Integer(string key) =>
        values.TryGetValue(key, out var value) ? Convert.ToInt64(value) : null;

    public bool? Flag(string key) => (bool?)values.GetValueOrDefault(key);

    public string[]? Texts(string key) => (string[]?)values.GetValueOrDefault(key);

    public float[]? Numbers(string key) => (float[]?)values.GetValueOrDefault(key);

    public int[]? Integers(string key) => (int[]?)values.GetValueOrDefault(key);
}
