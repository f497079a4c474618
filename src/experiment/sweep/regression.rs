//! Standardised regression coefficients: how a metric goes with each key, for designs that are too small
//! or not made for Sobol's indices.
//!
//! Ordinary least squares on predictors and values that have mean 0 and standard deviation 1: a
//! coefficient of −.5 says that a standard deviation more of the key goes with half a standard deviation
//! less of the metric (A. Saltelli et al., "Global Sensitivity Analysis: The Primer", 2008, 1.2.5). They
//! see straight lines only: R² says how much of the variance such lines explain.

use crate::measure::interval::student_t;

/// A coefficient with its 95 % interval by Student's t.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Coefficient {
    pub value: f64,
    /// Nothing where no degree of freedom is left.
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// What the regression came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fit {
    /// Points that it is over.
    pub n: usize,
    /// Share of the variance that the straight lines explain.
    pub r2: f64,
    /// One for each predictor, in their order.
    pub coefficients: Vec<Coefficient>,
}

/// Regresses `y` on `predictors` (columns of the length of `y`); points where `y` is not finite are left
/// out.
///
/// # Errors
/// One sentence that says why there are no coefficients.
pub(super) fn standardised(predictors: &[Vec<f64>], y: &[f64]) -> Result<Fit, String> {
    let seen: Vec<usize> = (0..y.len()).filter(|&i| y[i].is_finite()).collect();
    let (n, p) = (seen.len(), predictors.len());
    if n < p + 1 || n < 2 {
        return Err(format!("{n} points with a value, {} are needed", (p + 1).max(2)));
    }
    let within = |column: &[f64]| seen.iter().map(|&i| column[i]).collect::<Vec<f64>>();
    let y = scaled(&within(y)).ok_or_else(|| "the same at every point".to_owned())?;
    let columns: Option<Vec<_>> = predictors.iter().map(|column| scaled(&within(column))).collect();
    let columns =
        columns.ok_or_else(|| "a key is the same at every point with a value".to_owned())?;
    let product =
        |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / (n as f64 - 1.0);
    let mut system: Vec<Vec<f64>> = columns
        .iter()
        .map(|row| columns.iter().map(|column| product(row, column)).collect())
        .collect();
    let inverse = inverse(&mut system)
        .ok_or_else(|| "keys go together: the design cannot tell them apart".to_owned())?;
    let with_y: Vec<f64> = columns.iter().map(|column| product(column, &y)).collect();
    let times = |row: &Vec<f64>| row.iter().zip(&with_y).map(|(a, b)| a * b).sum::<f64>();
    let values: Vec<f64> = inverse.iter().map(times).collect();
    let r2 = values.iter().zip(&with_y).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0);
    let freedom = n - p - 1;
    let coefficient = |(j, &value): (usize, &f64)| {
        let half = (freedom > 0).then(|| {
            let error = ((1.0 - r2) * inverse[j][j] / freedom as f64).sqrt();
            student_t(freedom, 0.95) * error
        });
        Coefficient { value, low: half.map(|h| value - h), high: half.map(|h| value + h) }
    };
    let coefficients = values.iter().enumerate().map(coefficient).collect();
    Ok(Fit { n, r2, coefficients })
}

/// The column with mean 0 and standard deviation 1; nothing where it does not move.
fn scaled(column: &[f64]) -> Option<Vec<f64>> {
    let n = column.len() as f64;
    let mean = column.iter().sum::<f64>() / n;
    let squares: f64 = column.iter().map(|x| (x - mean) * (x - mean)).sum();
    let deviation = (squares / (n - 1.0)).sqrt();
    // What is left of equal numbers by rounding is no movement.
    let moves = deviation > 1e-12 * mean.abs() && deviation > 0.0;
    moves.then(|| column.iter().map(|x| (x - mean) / deviation).collect())
}

/// The inverse of a matrix of correlations, by Gauss and Jordan with the largest pivot; nothing where it
/// has none. Takes the matrix apart.
fn inverse(matrix: &mut [Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let n = matrix.len();
    let unit = |i: usize| (0..n).map(|j| if i == j { 1.0 } else { 0.0 }).collect();
    let mut out: Vec<Vec<f64>> = (0..n).map(unit).collect();
    for k in 0..n {
        let pivot = (k..n).max_by(|&a, &b| matrix[a][k].abs().total_cmp(&matrix[b][k].abs()))?;
        // The variance that the predictors before it leave of this one, of 1.
        if matrix[pivot][k].abs() < 1e-10 {
            return None;
        }
        matrix.swap(k, pivot);
        out.swap(k, pivot);
        let by = matrix[k][k];
        matrix[k].iter_mut().chain(&mut out[k]).for_each(|x| *x /= by);
        let (row, of_out) = (matrix[k].clone(), out[k].clone());
        for i in (0..n).filter(|&i| i != k) {
            let times = matrix[i][k];
            matrix[i].iter_mut().zip(&row).for_each(|(x, r)| *x -= times * r);
            out[i].iter_mut().zip(&of_out).for_each(|(x, r)| *x -= times * r);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_predictor_by_hand() {
        // The correlation of (1, 2, 3, 4) and (1, 3, 2, 5): 5.5 / √(5 · 8.75) = .83152.
        let fit = standardised(&[vec![1.0, 2.0, 3.0, 4.0]], &[1.0, 3.0, 2.0, 5.0]).unwrap();
        let Coefficient { value, low, high } = fit.coefficients[0];
        assert!((value - 0.831_522).abs() < 1e-6, "{value}");
        assert!((fit.r2 - 0.691_429).abs() < 1e-6, "{fit:?}");
        // Error √((1 − .691429)/2) = .392792, t(2) = 4.302653.
        let half = 4.302_653 * 0.392_792;
        assert!((high.unwrap() - value - half).abs() < 1e-5, "{fit:?}");
        assert!((value - low.unwrap() - half).abs() < 1e-5, "{fit:?}");
    }

    #[test]
    fn a_plane_is_found_in_a_grid() {
        // y = 3 a − 4 b, a and b independent and of equal spread: .6 and −.8 of a deviation.
        let (mut a, mut b, mut y) = (vec![], vec![], vec![]);
        for i in 0..25 {
            let (x, z) = (f64::from(i / 5), 10.0 + f64::from(i % 5));
            a.push(x);
            b.push(z);
            y.push(3.0 * x - 4.0 * z);
        }
        let fit = standardised(&[a.clone(), b.clone()], &y).unwrap();
        assert!((fit.coefficients[0].value - 0.6).abs() < 1e-9, "{fit:?}");
        assert!((fit.coefficients[1].value + 0.8).abs() < 1e-9, "{fit:?}");
        assert!((fit.r2 - 1.0).abs() < 1e-9, "{fit:?}");
        // A gap takes its point out and nothing else.
        y[7] = f64::NAN;
        let fit = standardised(&[a, b], &y).unwrap();
        assert_eq!(fit.n, 24);
        assert!((fit.r2 - 1.0).abs() < 1e-9, "{fit:?}");
    }

    #[test]
    fn why_there_are_none() {
        let line = vec![1.0, 2.0, 3.0, 4.0];
        let why = |predictors: &[Vec<f64>], y: &[f64]| standardised(predictors, y).unwrap_err();
        assert!(why(std::slice::from_ref(&line), &[0.1; 4]).contains("the same at every point"));
        assert!(why(&[vec![7.0; 4]], &line).contains("a key is the same"));
        assert!(
            why(std::slice::from_ref(&line), &[1.0, f64::NAN, f64::NAN, f64::NAN])
                .contains("1 points")
        );
        let twice: Vec<f64> = line.iter().map(|x| 2.0 * x).collect();
        assert!(why(&[line.clone(), twice], &line).contains("cannot tell them apart"));
        let tight = standardised(&[vec![1.0, 2.0]], &[5.0, 3.0]).unwrap();
        assert_eq!((tight.coefficients[0].value, tight.coefficients[0].low), (-1.0, None));
    }
}
