using System.Text.Json;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>The plans of data/shared-kv: which models there are and which layer reads whose keys and values.</summary>
internal static class SharedPlans
{
    private const string Absent = "absent";

    /// <summary>Model and plan of every case; one row that skips where the data is absent.</summary>
    public static TheoryData<string, string> All
    {
        get
        {
            var cases = new TheoryData<string, string>();
            var folder = SharedData.Folder is { } data ? Path.Combine(data, "shared-kv") : "";
            if (!Directory.Exists(folder))
            {
                cases.Add(Absent, Absent);
                return cases;
            }

            foreach (var model in Directory.EnumerateDirectories(folder).Order())
            {
                using var document = Open(model);
                foreach (var plan in document.RootElement.GetProperty("plans").EnumerateObject())
                {
                    cases.Add(Path.GetFileName(model), plan.Name);
                }
            }

            return cases;
        }
    }

    /// <summary>Skips the row that stands for absent data.</summary>
    public static void SkipWhenAbsent(string model) =>
        Assert.SkipWhen(model == Absent, "../shared/data/shared-kv is absent");

    /// <summary>The producer of each layer and the expected NLL of a plan.</summary>
    public static (int[] Producers, double Nll) Read(string model, string planName)
    {
        using var document = Open(SharedData.Path("shared-kv", model));
        var plan = document.RootElement.GetProperty("plans").GetProperty(planName);
        return (
            [.. plan.GetProperty("bank_of_layer").EnumerateArray().Select(id => id.GetInt32())],
            plan.GetProperty("nll").GetDouble()
        );
    }

    private static JsonDocument Open(string folder) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
}
