using Puna.Kernels.Formats;
using Puna.Testing;
using Xunit.Sdk;

[assembly: RegisterXunitSerializer(typeof(WeightFormatSerializer), typeof(WeightFormat))]
